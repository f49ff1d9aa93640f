"""Texts on which int8 ranges are measured: written for this purpose, so that they are the same on every machine.

Of every register that documents come in: prose of several fields, questions, code, tables, letters, lists, and languages that
the model has hardly seen, because what is rare makes the widest ranges.
"""

from __future__ import annotations

PARAGRAPHS = (
    "A levada is an open channel that carries water along the contour of a mountain. The first ones were cut by hand in "
    "the fifteenth century, and the longest now runs for more than ninety kilometres through tunnels, forests and "
    "terraced fields.",
    "The court finds that the notice of termination was served out of time. Under clause 14.2 of the agreement the tenant "
    "had sixty days, counted from receipt, in which to object; the objection of 3 March therefore stands, and the rent "
    "remains due.",
    "Patients were randomly assigned to receive 20 mg of the drug or a placebo once daily for twelve weeks. The primary "
    "outcome, a change in systolic pressure, differed by 6.4 mmHg (95% CI 4.1 to 8.7; p < 0.001), without an excess of "
    "adverse events.",
    "Revenue for the quarter rose 11% to $482.6 million, driven by subscriptions, while operating expenses fell to $301.2 "
    "million. Diluted earnings per share were $0.94, against $0.71 a year earlier. The board declared a dividend of "
    "twelve cents.",
    "To restore a backup, stop the service first, then copy the archive to an empty directory and verify its checksum. "
    "Never restore over a running database: pages written in between would mix two states, and the damage shows only "
    "weeks later.",
    "Mix the flour, yeast and salt, add the water slowly, and knead for ten minutes until the dough is smooth. Cover it, "
    "let it rise for an hour in a warm place, shape two loaves, and bake them at 230 degrees until the crust sounds "
    "hollow.",
    "She had not meant to stay. The house smelled of rain and old paper, the clock on the landing had stopped at twenty "
    "past four, and somewhere above her a door was opening, quietly, the way doors open in houses where nobody has lived "
    "for years.",
    "The proof is by induction on n. For n = 1 the claim is trivial. Suppose it holds for n and let G be a graph with n + "
    "1 vertices; removing a vertex of least degree leaves a graph to which the hypothesis applies, and at most d edges "
    "were lost.",
    "Photosynthesis converts light into chemical energy: chlorophyll absorbs photons, water is split, oxygen is released, "
    "and the electrons drive the reduction of carbon dioxide to sugars. In C4 plants the two steps happen in different "
    "cells.",
    "Dear Ms. Okafor, thank you for your letter of 12 May about invoice 2023-0417. We have checked the delivery note and "
    "agree that two of the five crates were missing. A credit of EUR 318.40 will reach your account within a week. Kind "
    "regards, J. Brandt",
    "The storm reached the coast shortly before midnight, tearing roofs from warehouses and cutting power to forty "
    "thousand homes. Ferries stayed in port, schools will remain closed on Tuesday, and the mayor asked residents to boil "
    "drinking water.",
    "The treaty of 1494 divided the newly found lands along a meridian 370 leagues west of the Cape Verde islands. "
    "Neither crown knew how large the ocean was, and the line was moved, disputed and ignored for almost three centuries.",
    'HTTP/1.1 429 Too Many Requests\nRetry-After: 30\nContent-Type: application/json\n\n{"error": {"code": '
    '"rate_limited", "message": "Quota of 600 requests per minute exceeded", "request_id": "b7f1-44ac"}}',
    "def moving_average(values: list[float], width: int) -> list[float]:\n    if width < 1:\n        raise "
    "ValueError(width)\n    total = sum(values[:width])\n    result = [total / width]\n    for old, new in zip(values, "
    "values[width:]):\n        total += new - old\n        result.append(total / width)\n    return result",
    "SELECT c.name, COUNT(*) AS orders, SUM(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id "
    "WHERE o.placed_at >= DATE '2024-01-01' GROUP BY c.name HAVING SUM(o.total) > 1000 ORDER BY spent DESC LIMIT 20;",
    "| station | height (m) | rainfall (mm) | mean (°C) |\n|---|---|---|---|\n| Funchal | 58 | 596 | 19.6 |\n| Areeiro | "
    "1610 | 2620 | 9.3 |\n| Santana | 380 | 1334 | 16.3 |\n| Porto Moniz | 35 | 1004 | 18.9 |",
    "- check the valve at the reservoir\n- clear leaves from the grating\n- walk the channel as far as the second tunnel\n"
    "- note cracks wider than 2 mm with their distance from the intake\n- report to the office before noon",
    "What happens to the vectors of a document when it is deleted?\nHow long may a tenant wait before objecting to a "
    "notice?\nWhich plants fix carbon in two different cells?\nWho pays for crates that were missing on delivery?",
    "ERROR 2024-06-11T03:12:55.104Z worker-7 connection to 10.4.0.12:5432 refused (attempt 3 of 5), next try in 8.0 s\n"
    "WARN  2024-06-11T03:13:03.220Z worker-7 slow query: 4812 ms, rows=1, plan=seq scan on events",
    "Chapter 3. Installation. 3.1 Requirements. 3.2 Unpacking. 3.3 Mounting the bracket (see figure 7). 3.4 Electrical "
    "connection: only by qualified personnel! 3.5 First start. 3.6 Troubleshooting. Appendix A: torque values. Appendix "
    "B: spare parts.",
    "The committee met at 14:00 with nine members present. The minutes of the previous meeting were approved. On item 4, "
    "the repair of the north channel, it was resolved by seven votes to two to accept the lower of the three offers. Next "
    "meeting: 9 October.",
    "A água desce da serra por canais estreitos, abertos na rocha há mais de quinhentos anos. Cada agricultor tem direito "
    "a algumas horas de rega por semana, e o levadeiro abre e fecha as comportas segundo um calendário que ninguém "
    "contesta.",
    "Nos termos do artigo 5.º do regulamento, os candidatos devem apresentar o requerimento até ao dia 30 de setembro, "
    "acompanhado de certificado de habilitações e declaração de rendimentos. A falta de qualquer documento implica a "
    "exclusão do concurso.",
    "O Brasil possui a maior rede hidrográfica do planeta. A bacia amazônica ocupa cerca de sete milhões de quilômetros "
    "quadrados e reúne mais de mil afluentes; na estação das chuvas, a floresta fica alagada durante meses.",
    "Qual é o prazo para a entrega dos documentos? Quem abre as comportas da levada? Quantos afluentes tem o rio Amazonas?",
    "El paciente ingresó con fiebre y dolor abdominal de dos días de evolución. La ecografía mostró una vesícula "
    "distendida con cálculos, y se decidió la intervención quirúrgica al día siguiente, sin complicaciones.",
    "Die Anlage darf nur von geschultem Personal bedient werden. Vor Beginn der Wartung ist der Hauptschalter "
    "auszuschalten und gegen Wiedereinschalten zu sichern; Prüfprotokolle sind mindestens zehn Jahre aufzubewahren.",
    "Le conseil municipal a adopté hier soir le budget de l'année prochaine. La rénovation de l'école, attendue depuis "
    "longtemps, commencera au printemps et coûtera un peu plus de deux millions d'euros.",
    "Вода из горных ручьёв по каналам приходит на поля. 水は山から畑へ運ばれる。 水从山上流到田里。 물은 산에서 밭으로 "
    "흐른다. Το νερό κατεβαίνει από το βουνό.",
    "🎉 Release 2.0 is out!!! 🚀🚀 Thanks to @everyone who tested it ❤️ — full notes at "
    "https://example.org/notes?v=2.0&lang=en #opensource (v1.9 users: run `migrate --all` first, otherwise you'll see "
    "E1042 ¯\\_(ツ)_/¯)",
    "ISBN 978-0-262-03384-8; DOI 10.1000/182; SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08; "
    "IBAN PT50 0002 0123 1234 5678 9015 4; +351 291 000 000; 32.7607° N, 16.9595° W; 6.022e23; 1,234,567.89; 50 %",
    "Yes.",
    "water",
    "n/a",
    "Table 4 (continued)",
    "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. THE QUICK BROWN FOX JUMPS "
    "AGAIN.",
)
NEIGHBOURS = ((7, 18),)
"""How far away the paragraphs stand that are joined to one. More of them took longer and gave nearly the same vectors."""


def calibration_texts() -> list[str]:
    """Every paragraph alone, then with two others, which fill the window as passages do."""
    texts = list(PARAGRAPHS)
    for steps in NEIGHBOURS:
        for first in range(len(PARAGRAPHS)):
            joined = [PARAGRAPHS[(first + step) % len(PARAGRAPHS)] for step in (0, *steps)]
            texts.append("\n\n".join(joined))
    return texts
