"""Text in the very colour of what is right behind it, whatever that colour is, is not seen; on any other it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Inches

from core.documents import HIDDEN_TEXT
from tasks.extractors.read import read_document
from tests.tasks.extractors.tricks.packages import package

_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("style", "style"), ("fo", "xsl-fo-compatible"))
)
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def _docx(path: Path, body: str) -> Path:
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    seen = "<w:p><w:r><w:t>seen</w:t></w:r></w:p>"
    return package(
        path.with_suffix(".docx"),
        {
            "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="a" Type="{_DOCUMENT}" '
            'Target="word/document.xml"/></Relationships>',
            "word/document.xml": f"<w:document {_WORD}><w:body>{seen}{body}</w:body></w:document>",
        },
    )


def _run(ink: str, more: str = "") -> str:
    return f'<w:r><w:rPr><w:color w:val="{ink}"/>{more}</w:rPr><w:t>words</w:t></w:r>'


def _shading(ground: str) -> str:
    return f'<w:shd w:val="clear" w:fill="{ground}"/>'


def _docx_run(path: Path, ink: str, ground: str) -> Path:
    return _docx(path, f"<w:p>{_run(ink, _shading(ground))}</w:p>")


def _docx_paragraph(path: Path, ink: str, ground: str) -> Path:
    return _docx(path, f"<w:p><w:pPr>{_shading(ground)}</w:pPr>{_run(ink)}</w:p>")


def _docx_cell(path: Path, ink: str, ground: str) -> Path:
    cells = f"<w:tc><w:tcPr>{_shading(ground)}</w:tcPr><w:p>{_run(ink)}</w:p></w:tc><w:tc><w:p/></w:tc>"
    return _docx(path, f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>")


def _xlsx(path: Path, ink: str, ground: str) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["seen"])
    cell = book.active.cell(2, 1, "words")
    cell.font, cell.fill = Font(color=f"FF{ink}"), PatternFill("solid", fgColor=f"00{ground}")
    book.save(path := path.with_suffix(".xlsx"))
    return path


def _pptx(path: Path, ink: str, ground: str) -> Path:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    boxes = [slide.shapes.add_textbox(Inches(1), Inches(y), Inches(5), Inches(1)) for y in (1, 3)]
    boxes[0].text_frame.text, boxes[1].text_frame.text = "seen", "words"
    boxes[1].fill.solid()
    boxes[1].fill.fore_color.rgb = RGBColor.from_string(ground)  # type: ignore[no-untyped-call]
    boxes[1].text_frame.paragraphs[0].runs[0].font.color.rgb = RGBColor.from_string(ink)  # type: ignore[no-untyped-call]
    deck.save(str(path := path.with_suffix(".pptx")))
    return path


def _pptx_slide(path: Path, ink: str, ground: str) -> Path:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = RGBColor.from_string(ground)  # type: ignore[no-untyped-call]
    for y, text, colour in ((1, "seen", "EEEEEE"), (3, "words", ink)):
        frame = slide.shapes.add_textbox(Inches(1), Inches(y), Inches(5), Inches(1)).text_frame
        frame.text = text
        frame.paragraphs[0].runs[0].font.color.rgb = RGBColor.from_string(colour)  # type: ignore[no-untyped-call]
    deck.save(str(path := path.with_suffix(".pptx")))
    return path


def _rtf(path: Path, ink: str, ground: str) -> Path:
    def colour(rgb: str) -> str:
        return "".join(rf"\{name}{int(rgb[at : at + 2], 16)}" for name, at in (("red", 0), ("green", 2), ("blue", 4))) + ";"

    path = path.with_suffix(".rtf")
    inks = (2, 2) if ink == ground else (1, 2)
    words = rf"{{\cf{inks[0]}\chcbpat{inks[1]} words}}"
    path.write_text(rf"{{\rtf1\ansi{{\colortbl;{colour(ink)}{colour(ground)}}}seen\par {words}\par}}")
    return path


def _odt(path: Path, ink: str, ground: str) -> Path:
    style = f'<style:text-properties fo:color="#{ink}" fo:background-color="#{ground}"/>'
    text = '<text:p>seen</text:p><text:p><text:span text:style-name="T">words</text:span></text:p>'
    return package(
        path.with_suffix(".odt"),
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {_OFFICE}><office:automatic-styles>"
            f'<style:style style:name="T" style:family="text">{style}</style:style></office:automatic-styles>'
            f"<office:body><office:text>{text}</office:text></office:body></office:document-content>",
        },
    )


MAKERS = [_docx_run, _docx_paragraph, _docx_cell, _xlsx, _pptx, _pptx_slide, _rtf, _odt]


@pytest.mark.parametrize("maker", MAKERS)
def test_the_colour_of_its_ground(tmp_path: Path, maker: Callable[[Path, str, str], Path]) -> None:
    path = maker(tmp_path / "a", "112233", "112233")
    document = read_document(str(path), path.name)
    assert (document.text, document.metadata.get(HIDDEN_TEXT)) == ("seen", "5")


@pytest.mark.parametrize("maker", MAKERS)
def test_another_colour(tmp_path: Path, maker: Callable[[Path, str, str], Path]) -> None:
    path = maker(tmp_path / "a", "FFFFFF", "112233")
    document = read_document(str(path), path.name)
    assert "words" in document.text
    assert HIDDEN_TEXT not in document.metadata


def test_a_row_that_word_hides(tmp_path: Path) -> None:
    row = "<w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p><w:r><w:t>words</w:t></w:r></w:p></w:tc></w:tr>"
    path = _docx(tmp_path / "a", f"<w:tbl>{row}</w:tbl>")
    document = read_document(str(path), path.name)
    assert (document.text, document.metadata.get(HIDDEN_TEXT)) == ("seen", "5")


@pytest.mark.parametrize(
    ("colour", "paragraph", "is_seen"),
    [
        ('w:val="000000" w:themeColor="background1"', "", False),
        ('w:val="auto" w:themeColor="background1"', _shading("112233"), True),
        ('w:val="auto" w:themeColor="background1"', '<w:shd w:val="clear" w:fill="112233" w:themeFill="background1"/>', False),
        ('w:val="FFFFFF" w:themeColor="text1"', "", True),
        ('w:val="7F7F7F" w:themeColor="background1" w:themeShade="80"', "", True),
    ],
)
def test_a_colour_of_the_theme_outdoes_the_one_beside_it(tmp_path: Path, colour: str, paragraph: str, is_seen: bool) -> None:
    run = f"<w:r><w:rPr><w:color {colour}/></w:rPr><w:t>words</w:t></w:r>"
    path = _docx(tmp_path / "a", f"<w:p><w:pPr>{paragraph}</w:pPr>{run}</w:p>")
    document = read_document(str(path), path.name)
    assert ("words" in document.text, document.metadata.get(HIDDEN_TEXT)) == (is_seen, None if is_seen else "5")
