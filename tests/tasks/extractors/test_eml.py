"""Messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.eml import EmlExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestEmlExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> EmlExtractor:
        return EmlExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "message.eml"
        path.write_text(make.EML)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Reparo da levada — urgente"
        assert document.metadata == {
            "author": "Anna Lima <anna@example.org>",
            "to": "Rui <rui@example.org>, keeper@example.org",
            "date": "2024-02-29T10:15:00+00:00",
        }
        assert document.warnings == ("attachment not read: wall.pdf",)
        assert [(e.kind.value, e.text) for e in document.elements] == [
            ("heading", "Reparo da levada — urgente"),
            ("paragraph", "Olá Rui,"),
            (
                "paragraph",
                "the wall near the second basin is broken. Water runs down the road since monday morning.",
            ),
            ("paragraph", "Anna"),
        ]


def test_a_message_in_html(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    rows = "<tr><th>Day</th><th>Litres</th></tr><tr><td>Mon</td><td>12</td></tr>"
    body = f"<h2>Flow</h2><p>See the table of this week, as agreed.</p><ul><li>one</li></ul><table>{rows}</table>"
    path.write_text(
        f"From: a@b.org\nSubject: Flow\nContent-Type: text/html; charset=utf-8\n\n<html><body>{body}</body></html>\n"
    )
    assert [(e.kind.value, e.level, e.text) for e in read_document(str(path), path.name).elements] == [
        ("heading", 1, "Flow"),
        ("heading", 2, "Flow"),
        ("paragraph", None, "See the table of this week, as agreed."),
        ("list_item", None, "one"),
        ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 12 |"),
    ]


def test_an_encrypted_message(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text("From: a@b.org\nSubject: Secret\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nMIIB\n")
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.ENCRYPTED
