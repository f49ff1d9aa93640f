"""TeX: what a reader of the page would see, without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.extractors.read import read_document
from tasks.extractors.tex import TexExtractor
from tests.contracts.extractors import ExtractorContract

SAMPLE = r"""\documentclass[11pt]{article}
\usepackage[latin1]{inputenc}
\title{Levadas of \emph{Madeira}}
\author{Maria \and Jo\~ao}
\begin{document}
\maketitle
\section[short]{Gates \& basins}\label{sec:gates}
They \textbf{open} at 5\,\% of the \'agua---``always'' % a remark
in $x^2$ litres\footnote{Measured.}; see \ref{sec:x} and \href{http://example.org}{the page}.

\input{/etc/passwd}Stra{\ss}e, \c{c}, \"u and \verb|a_b{|.
\subsection{Parts}
\begin{itemize}
\item pine
\begin{enumerate}
\item first
\item second
\end{enumerate}
\item[Oak] is hard
\end{itemize}
\begin{table}
\caption{Flow in \LaTeX}
\begin{tabular}{l|r}
\hline
Day & Litres \\ \hline
Mon & 3 \& 4 \\
\multicolumn{2}{c}{end} \\
\end{tabular}
\end{table}
\begin{verbatim}
\open{1}
  % not a remark
\end{verbatim}
\begin{equation*}
E = mc^2
\end{equation*}
\[ a + b \]
The end.
\end{document}
after it
"""


class TestTexExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> TexExtractor:
        return TexExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "levadas.tex"
        path.write_text(SAMPLE)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Levadas of Madeira"
        assert document.metadata == {"author": "Maria , João", "hidden_text": "7"}
        assert [(e.kind.value, e.level, e.text) for e in document.elements] == [
            ("heading", 2, "Gates & basins"),
            (
                "paragraph",
                None,
                "They open at 5 % of the água—“always” in x^2 litres (Measured.; see and the page.",
            ),
            ("paragraph", None, "Straße, ç, ü and a_b{."),
            ("heading", 3, "Parts"),
            ("list_item", None, "pine"),
            ("list_item", None, "1. first"),
            ("list_item", None, "2. second"),
            ("list_item", None, "Oak is hard"),
            ("caption", None, "Flow in LaTeX"),
            ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 3 & 4 |\n| end |"),
            ("code", None, "\\open{1}\n  % not a remark"),
            ("code", None, "E = mc^2"),
            ("code", None, "a + b"),
            ("paragraph", None, "The end."),
        ]


@pytest.mark.parametrize(
    "source",
    [
        "{" * 200_000,
        "\\section{" * 20_000,
        "$a" * 100_000,
        "\\begin{tabular}" * 20_000,
        "\\" * 200_000,
        "%" * 200_000,
        "\\[" * 50_000,
        "\\item[" * 50_000,
        "\\verb|" * 50_000,
        "\\cite[" * 50_000,
        "\\'" * 100_000,
    ],
    ids=range(11),
)
def test_hostile_texts_take_no_time(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.tex"
    path.write_text("words\n\n" + source)
    assert "words" in read_document(str(path), path.name).text
