"""OpenDocument text, written as XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.odt import OdtExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make

BODY = """
<text:tracked-changes><text:changed-region><text:deletion><text:p>struck out</text:p></text:deletion></text:changed-region>
</text:tracked-changes>
<text:h text:outline-level="2">Upkeep</text:h>
<text:p>Clean<text:s text:c="2"/>it <text:span>twice</text:span> a year.<office:annotation><text:p>why?</text:p>
 </office:annotation><text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Or more often.</text:p>
 </text:note-body></text:note>
</text:p>
<text:p text:style-name="Ghost">unseen</text:p>
<text:p>Seen <text:span text:style-name="White">white</text:span>here.</text:p>
<text:section text:display="none"><text:p>secret</text:p></text:section>
<text:list><text:list-item><text:p>a spade</text:p>
  <text:list><text:list-item><text:p>of steel</text:p></text:list-item></text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>March</text:p></table:table-cell>
  <table:table-cell table:number-columns-repeated="2"><text:p>x</text:p></table:table-cell></table:table-row>
<table:table-row><table:covered-table-cell/><table:table-cell><text:p>8</text:p></table:table-cell>
  <table:table-cell><text:p>two</text:p></table:table-cell></table:table-row></table:table>
<text:p text:style-name="Title">The book</text:p>
"""
STYLES = """
<style:style style:name="Ghost" style:family="paragraph"><style:text-properties text:display="none"/></style:style>
<style:style style:name="White" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>
"""


def sample_file(path: Path) -> Path:
    return make.odf(path, "text", BODY, STYLES)


class TestOdtExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> OdtExtractor:
        return OdtExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return sample_file(tmp_path / "book.odt")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert (document.title, document.metadata["author"]) == ("Channel book", "M. Keeper")
        assert [(each.kind.value, each.level, each.page, each.text) for each in document.elements] == [
            ("heading", 2, None, "Upkeep"),
            ("paragraph", None, None, "Clean  it twice a year."),
            ("paragraph", None, None, "Or more often."),
            ("paragraph", None, None, "Seen here."),
            ("list_item", None, None, "a spade"),
            ("list_item", None, None, "of steel"),
            ("table", None, None, "| March | x | x |\n| --- | --- | --- |\n| March | 8 | two |"),
            ("heading", 1, None, "The book"),
        ]
        assert document.metadata[HIDDEN_TEXT] == str(len("struckoutwhy?unseenwhitesecret"))


def test_hidden_text_is_kept_by_policy(tmp_path: Path) -> None:
    path = sample_file(tmp_path / "a.odt")
    document = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=True)))
    assert all(word in document.text for word in ("struck out", "why?", "unseen", "white", "secret"))
    assert document.metadata[HIDDEN_TEXT] == str(len("struckoutwhy?unseenwhitesecret"))


def test_a_flat_file_is_the_same(tmp_path: Path) -> None:
    path = make.odf_flat(tmp_path / "a.fodt", "text", "<text:h text:outline-level='1'>One</text:h><text:p>Two.</text:p>")
    assert [each.text for each in read_document(str(path), path.name).elements] == ["One", "Two."]


def test_pages_count_only_if_they_are_as_many_as_the_writer_says(tmp_path: Path) -> None:
    body = "<text:p>one</text:p><text:p><text:soft-page-break/>two</text:p>"
    path = make.odf(tmp_path / "a.odt", "text", body)
    assert [each.page for each in read_document(str(path), path.name).elements] == [None, None]
    make.edited(path, "meta.xml", "</office:meta>", "<meta:document-statistic meta:page-count='2'/></office:meta>")
    assert [each.page for each in read_document(str(path), path.name).elements] == [1, 1]


def test_what_claims_to_repeat_without_end_is_bounded(tmp_path: Path) -> None:
    cell = "<table:table-cell table:number-columns-repeated='1000000000'><text:p>x</text:p></table:table-cell>"
    rows = f"<table:table-row table:number-rows-repeated='1000000000'>{cell}</table:table-row>" * 3
    path = make.odf(
        tmp_path / "a.odt", "text", f"<table:table>{rows}</table:table><text:p><text:s text:c='1000000000'/>y</text:p>"
    )
    assert len(read_document(str(path), path.name).text) < 2_000_000


def test_a_password_is_asked_for_nowhere(tmp_path: Path) -> None:
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="content.xml">'
        "<m:encryption-data/></m:file-entry></m:manifest>"
    )
    path = make.odf(tmp_path / "a.odt", "text", "<text:p>x</text:p>", manifest=manifest)
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.ENCRYPTED


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    path = make.odf(tmp_path / "a.odt", "text", "<text:p>before &lol; after</text:p>")
    laughs = '<!DOCTYPE x [<!ENTITY l "lol"><!ENTITY lol "&l;&l;&l;&l;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    make.edited(path, "content.xml", "<office:document-content", laughs + "<office:document-content")
    text = read_document(str(path), path.name).text
    assert "before" in text
    assert "lol" not in text


def level(
    number: int, form: str, after: str = ".", levels: int = 1, start: int = 1, kind: str = "list-level-style-number"
) -> str:
    shown = f'text:display-levels="{levels}" text:start-value="{start}" style:num-format="{form}" style:num-suffix="{after}"'
    return f'<text:{kind} text:level="{number}" {shown}/>'


def test_numbers_are_shown_as_their_style_says(tmp_path: Path) -> None:
    styles = (
        f'<text:list-style style:name="L">{level(1, "1")}{level(2, "a", ")", 2)}{level(3, "I", "", start=4)}</text:list-style>'
        '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="*"/></text:list-style>'
        f"<text:outline-style>{level(1, 'A', ' -', kind='outline-level-style')}"
        f"{level(2, '1', '', 2, kind='outline-level-style')}</text:outline-style>"
    )

    def items(*texts: str) -> str:
        return "".join(f"<text:list-item><text:p>{text}</text:p><text:p>more</text:p></text:list-item>" for text in texts)

    deeper = "<text:list-item><text:list>{}</text:list></text:list-item>"
    body = (
        '<text:h text:outline-level="1">Head</text:h><text:h text:outline-level="2">Sub</text:h>'
        '<text:h text:outline-level="2" text:is-list-header="true">Bare</text:h><text:h text:outline-level="2">Sub</text:h>'
        f'<text:list xml:id="x" text:style-name="L">{items("a")}{deeper.format(items("b", "c") + deeper.format(items("d")))}'
        f'{items("e")}{deeper.format(items("f"))}</text:list><text:list text:style-name="B">{items("g")}</text:list>'
        f'<text:list text:style-name="L">{items("h")}</text:list>'
        f'<text:list text:style-name="L" text:continue-list="x">{items("i")}</text:list>'
        '<text:list text:style-name="L" text:continue-numbering="true"><text:list-header><text:p>j</text:p></text:list-header>'
        '<text:list-item text:start-value="9"><text:p>k</text:p></text:list-item></text:list>'
    )
    path = make.odf(tmp_path / "a.odt", "text", body, styles)
    found = [each.text for each in read_document(str(path), path.name).elements if each.text != "more"]
    assert found[:4] == ["A - Head", "A.1 Sub", "Bare", "A.2 Sub"]
    assert found[4:] == ["1. a", "1.a) b", "1.b) c", "IV d", "2. e", "2.a) f", "g", "1. h", "3. i", "j", "9. k"]


def test_header_rows_of_a_table(tmp_path: Path) -> None:
    def row(text: str) -> str:
        cells = "".join(f"<table:table-cell><text:p>{text}{number}</text:p></table:table-cell>" for number in "12")
        return f"<table:table-row>{cells}</table:table-row>"

    body = f"<table:table><table:table-header-rows>{row('a')}{row('b')}</table:table-header-rows>{row('c')}</table:table>"
    path = make.odf(tmp_path / "a.odt", "text", body)
    assert [each.header_lines for each in read_document(str(path), path.name).elements] == [3]
