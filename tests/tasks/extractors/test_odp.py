"""OpenDocument presentations, written as XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from tasks.extractors.odp import OdpExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


def frame(text: str, kind: str = "", x: int = 1, y: int = 1) -> str:
    place = f'presentation:class="{kind}" ' if kind else ""
    size = f'svg:x="{x}cm" svg:y="{y}cm" svg:width="5cm" svg:height="1cm"'
    return f"<draw:frame {place}{size}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"


BODY = f"""
<draw:page draw:name="p1">{frame("Below", y=9)}{frame("Above", y=4)}{frame("Channels", "title", y=2)}
  {frame("7", "page-number")}
  <presentation:notes>{frame("Say hello.", "notes")}</presentation:notes></draw:page>
<draw:page draw:name="p2" draw:style-name="gone">{frame("Secret", "title")}</draw:page>
<draw:page draw:name="p3"><draw:g>{frame("Grouped")}</draw:g></draw:page>
"""
STYLES = (
    '<style:style style:name="gone" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
)


class TestOdpExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> OdpExtractor:
        return OdpExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.odf(tmp_path / "talk.odp", "presentation", BODY, STYLES)

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert [(each.page, each.label, each.kind.value, each.text) for each in document.elements] == [
            (1, "Channels", "heading", "Channels"),
            (1, "Channels", "paragraph", "Above"),
            (1, "Channels", "paragraph", "Below"),
            (1, "Channels", "paragraph", "Say hello."),
            (3, None, "paragraph", "Grouped"),
        ]
        assert document.metadata[HIDDEN_TEXT] == "6"


MASTERS = f"""
<style:master-page style:name="m">{frame("Of the master")}{frame("Click", "outline")}{frame("Footer", "footer")}
  {frame("<text:page-number>1</text:page-number>")}</style:master-page>
<style:master-page style:name="n">{frame("Of the master")}{frame("Of another")}</style:master-page>
"""
PLAIN = (
    '<style:style style:name="plain" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:background-objects-visible="false"/></style:style>'
)


def test_text_of_a_master_is_read_on_the_slide_that_shows_it_first(tmp_path: Path) -> None:
    body = "".join(
        f'<draw:page draw:name="{name}" draw:master-page-name="{master}" draw:style-name="{style}">{frame(name)}</draw:page>'
        for name, master, style in (("a", "m", "plain"), ("b", "m", ""), ("c", "m", ""), ("d", "n", ""))
    )
    path = make.odf(tmp_path / "talk.odp", "presentation", body, PLAIN, masters=MASTERS)
    found = [(each.page, each.text) for each in read_document(str(path), path.name).elements]
    assert found == [(1, "a"), (2, "b"), (2, "Of the master"), (3, "c"), (4, "d"), (4, "Of another")]


def test_a_footer_is_read_where_nothing_else_is(tmp_path: Path) -> None:
    body = (
        '<presentation:footer-decl presentation:name="f">Declared</presentation:footer-decl>'
        '<draw:page draw:name="p" draw:master-page-name="m" presentation:use-footer-name="f"/>'
    )
    master = f'<style:master-page style:name="m">{frame("Footer", "footer")}</style:master-page>'
    path = make.odf(tmp_path / "talk.odp", "presentation", body, masters=master)
    assert [each.text for each in read_document(str(path), path.name).elements] == ["Footer", "Declared"]


def test_text_in_the_colour_of_its_shape_and_shapes_that_are_not_shown(tmp_path: Path) -> None:
    fill = 'draw:fill="solid" draw:fill-color="#112233"'
    styles = f'<style:style style:name="area" style:family="graphic"><style:graphic-properties {fill}/></style:style>'
    for name in ("112233", "ffffff"):
        text = f'<style:text-properties fo:color="#{name}"/>'
        styles += f'<style:style style:name="c{name}" style:family="text">{text}</style:style>'

    def frame(text: str, attributes: str) -> str:
        return f"<draw:frame {attributes}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"

    drowned, seen = (
        f'<text:span text:style-name="c{name}">{text}</text:span>' for name, text in (("112233", "drowned"), ("ffffff", "seen"))
    )
    shapes = frame(drowned + seen, 'draw:style-name="area"') + frame("absent", 'draw:display="none"')
    path = make.odf(tmp_path / "a.odp", "presentation", f'<draw:page draw:name="1">{shapes}</draw:page>', styles)
    document = read_document(str(path), path.name)
    assert (document.text, document.metadata[HIDDEN_TEXT]) == ("seen", "13")
