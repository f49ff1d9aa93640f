"""Word documents made by python-docx."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from core.documents import HIDDEN_TEXT
from core.errors import Unprocessable
from core.reading import ReadingPolicy
from core.reasons import Reason
from tasks.extractors.base import Reading
from tasks.extractors.docx import DocxExtractor
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors import make


class TestDocxExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> DocxExtractor:
        return DocxExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return make.docx(tmp_path / "handbook.docx")

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Channel handbook"
        assert document.metadata["author"] == "M. Keeper"
        assert [(e.kind.value, e.level, e.page, e.text) for e in document.elements] == [
            ("heading", 1, None, "Maintenance"),
            ("paragraph", None, None, "Clean the channel twice a year."),
            ("heading", 2, None, "Tools"),
            ("list_item", None, None, "a spade"),
            ("list_item", None, None, "a broom"),
            (
                "table",
                None,
                None,
                "| Month | Hours | Crew |\n| --- | --- | --- |\n| March | 12 | four |\n| March | 8 | two |",
            ),
            ("paragraph", None, None, "Água é vida | no pipes."),
        ]


def test_a_date_that_nobody_set_is_none(tmp_path: Path) -> None:
    import datetime as dt

    import docx as python_docx

    for year, dated in ((1601, False), (2024, True)):
        document = python_docx.Document()
        document.add_paragraph("Text.")
        document.core_properties.created = dt.datetime(year, 1, 1)
        document.save(str(tmp_path / "a.docx"))
        assert ("date" in read_document(str(tmp_path / "a.docx"), "a.docx").metadata) is dated


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*inner: str) -> str:
    return f"<w:p>{''.join(inner)}</w:p>"


def control(*inner: str) -> str:
    return f"<w:sdt><w:sdtPr><w:id w:val='1'/></w:sdtPr><w:sdtContent>{''.join(inner)}</w:sdtContent></w:sdt>"


def with_body(path: Path, body: str) -> Path:
    """A document whose body is this XML."""
    import docx

    docx.Document().save(str(path))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head, _, _ = parts["word/document.xml"].partition(b"<w:body>")
    parts["word/document.xml"] = head + f"<w:body>{body}</w:body></w:document>".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def texts(path: Path) -> list[str]:
    return [element.text for element in read_document(str(path), path.name).elements]


def test_tracked_changes_are_read_as_if_accepted(tmp_path: Path) -> None:
    body = paragraph(
        run("The gate "),
        f"<w:ins w:id='1' w:author='x'>{run('is new')}</w:ins>",
        f"<w:del w:id='2'><w:r><w:delText>was old</w:delText></w:r>{run('and grey')}</w:del>",
        f"<w:moveTo w:id='3'>{run(' and moved')}</w:moveTo>",
        f"<w:moveFrom w:id='4'>{run('gone')}</w:moveFrom>",
        run("."),
    )
    marked = (
        f"<w:p><w:pPr><w:rPr><w:ins w:id='5'/></w:rPr></w:pPr><w:ins w:id='6'>{run('A paragraph of its own.')}</w:ins></w:p>"
    )
    assert texts(with_body(tmp_path / "a.docx", body + marked)) == ["The gate is new and moved.", "A paragraph of its own."]


def test_content_controls_are_opened(tmp_path: Path) -> None:
    inline = paragraph(run("Signed by "), control(run("Ana "), control(run("Lima"))), run(" in Funchal."))
    block = control(paragraph(run("A block.")), control(paragraph(run("Another within."))))
    cells = [f"<w:tc><w:tcPr/>{control(paragraph(run(text)))}</w:tc>" for text in "ab"]
    rows = f"<w:tr>{''.join(cells)}</w:tr>" + control(f"<w:tr>{control(cells[1])}{cells[0]}</w:tr>")
    deleted = f"<w:tr><w:trPr><w:del w:id='9'/></w:trPr>{''.join(cells)}</w:tr>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>{rows}{deleted}</w:tbl>"
    assert texts(with_body(tmp_path / "a.docx", inline + block + table)) == [
        "Signed by Ana Lima in Funchal.",
        "A block.",
        "Another within.",
        "| a | b |\n| --- | --- |\n| b | a |",
    ]


@pytest.mark.parametrize("wrapper", ["smartTag", "customXml", "fldSimple", "dir", "bdo"])
def test_other_wrappers_are_opened(tmp_path: Path, wrapper: str) -> None:
    body = paragraph(run("From "), f"<w:{wrapper}>{run('Funchal')}</w:{wrapper}>", run(" to Monte."))
    assert texts(with_body(tmp_path / "a.docx", body)) == ["From Funchal to Monte."]


def test_a_table_deleted_as_a_whole(tmp_path: Path) -> None:
    row = f"<w:tr><w:trPr><w:del w:id='9'/></w:trPr><w:tc>{paragraph(run('x'))}</w:tc></w:tr>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid>{row}</w:tbl>"
    assert texts(with_body(tmp_path / "a.docx", table + paragraph(run("Left.")))) == ["Left."]


def test_a_part_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = make.docx(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document2.xml", "w") as part:
        for _ in range(257):
            part.write(bytes(1 << 20))
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.BOMB


def test_a_file_cut_off_is_corrupt(tmp_path: Path) -> None:
    path = make.docx(tmp_path / "a.docx")
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.CORRUPT
    assert str(tmp_path) not in caught.value.detail


OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise SystemExit("tried to reach the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from tasks.extractors.read import read_document
for path in sys.argv[1:]:
    assert read_document(path, path).elements
heavy = {"torch", "spacy", "nltk", "prefect", "chromadb", "transformers"} & set(sys.modules)
assert not heavy, heavy
"""


def test_nothing_is_fetched_or_installed_and_no_model_is_loaded(tmp_path: Path) -> None:
    message = tmp_path / "m.eml"
    message.write_text(make.EML)
    files = [make.docx(tmp_path / "d.docx"), make.pptx(tmp_path / "p.pptx"), message]
    done = subprocess.run([sys.executable, "-c", OFFLINE, *map(str, files)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("docm", "application/vnd.ms-word.document.macroEnabled"),
        ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
        ("dotm", "application/vnd.ms-word.template.macroEnabledTemplate"),
    ],
)
def test_templates_and_files_with_macros_are_documents(tmp_path: Path, suffix: str, kind: str) -> None:
    path = make.docx(tmp_path / "a.docx")
    before = read_document(str(path), path.name).elements
    make.retyped(path, "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main", f"{kind}.main")
    assert read_document(str(path), f"a.{suffix}").elements == before


def with_parts(path: Path, **parts: str) -> Path:
    """The document with further parts of it, e.g. numbering="<w:num ...>": related, and with the usual namespaces."""
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "".join(f'<Relationship Id="x{name}" Type="{kinds}/{name}" Target="x{name}.xml"/>' for name in parts)
    make.edited(path, "word/_rels/document.xml.rels", "</Relationships>", relations + "</Relationships>")
    with zipfile.ZipFile(path, "a") as archive:
        for name, inner in parts.items():
            archive.writestr(f"word/x{name}.xml", f"<w:{name} {names}>{inner}</w:{name}>")
    return path


def hidden(path: Path) -> int:
    return int(read_document(str(path), path.name).metadata.get(HIDDEN_TEXT, 0))


@pytest.mark.parametrize(
    "look",
    [
        "<w:vanish/>",
        "<w:color w:val='FFFFFF'/>",
        "<w:color w:val='fffffe'/>",
        "<w:sz w:val='1'/>",
        "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='FFFFFF'/>",
    ],
)
def test_what_a_reader_would_not_see_is_left_out_and_counted(tmp_path: Path, look: str) -> None:
    unseen = f"<w:r><w:rPr>{look}</w:rPr><w:t>ignore all this</w:t></w:r>"
    path = with_body(tmp_path / "a.docx", paragraph(run("Seen."), unseen))
    assert (texts(path), hidden(path)) == (["Seen."], 13)
    kept = read_document(str(path), path.name, Reading(ReadingPolicy(keep_hidden=True)))
    assert (kept.text, kept.metadata[HIDDEN_TEXT]) == ("Seen.ignore all this", "13")


@pytest.mark.parametrize(
    "look",
    [
        "<w:vanish w:val='0'/>",
        "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='1F4E79'/>",
        "<w:color w:val='FFFFFF'/><w:highlight w:val='black'/>",
        "<w:color w:val='auto'/><w:sz w:val='8'/>",
    ],
)
def test_what_a_reader_would_see_stays(tmp_path: Path, look: str) -> None:
    path = with_body(tmp_path / "a.docx", paragraph(f"<w:r><w:rPr>{look}</w:rPr><w:t>Seen.</w:t></w:r>"))
    assert (texts(path), hidden(path)) == (["Seen."], 0)


def test_white_text_in_a_dark_cell_is_seen(tmp_path: Path) -> None:
    white = "<w:p><w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr><w:t>head</w:t></w:r></w:p>"
    dark = f"<w:tc><w:tcPr><w:shd w:val='clear' w:fill='000000'/></w:tcPr>{white}</w:tc>"
    table = f"<w:tbl><w:tr>{dark}<w:tc>{white}</w:tc><w:tc>{paragraph(run('x'))}</w:tc></w:tr></w:tbl>"
    path = with_body(tmp_path / "a.docx", table)
    assert read_document(str(path), path.name).elements[0].cells == [["head", "x"]]


def test_deleted_text_and_comments_are_counted(tmp_path: Path) -> None:
    body = paragraph(run("Left."), "<w:del w:id='1'><w:r><w:delText>gone</w:delText></w:r></w:del>")
    path = with_body(tmp_path / "a.docx", body)
    with_parts(path, comments=f"<w:comment w:id='1'>{paragraph(run('why'))}</w:comment>")
    assert (texts(path), hidden(path)) == (["Left."], 7)


def test_numbers_are_shown_as_word_shows_them(tmp_path: Path) -> None:
    levels = "".join(
        f"<w:lvl w:ilvl='{place}'><w:start w:val='1'/><w:numFmt w:val='{form}'/><w:lvlText w:val='{text}'/></w:lvl>"
        for place, (form, text) in enumerate([("decimal", "%1."), ("lowerLetter", "%1.%2)"), ("bullet", "o")])
    )
    numbering = (
        f"<w:abstractNum w:abstractNumId='7'>{levels}</w:abstractNum><w:num w:numId='3'><w:abstractNumId w:val='7'/></w:num>"
    )

    def item(level: int, text: str) -> str:
        place = f"<w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='3'/></w:numPr></w:pPr>"
        return paragraph(place, run(text))

    body = item(0, "one") + item(1, "deep") + item(1, "deeper") + item(2, "dot") + item(0, "two") + item(1, "anew")
    path = with_body(tmp_path / "a.docx", body)
    make.edited(path, "word/_rels/document.xml.rels", "relationships/numbering", "relationships/none")
    with_parts(path, numbering=numbering)
    assert texts(path) == ["1. one", "1.a) deep", "1.b) deeper", "dot", "2. two", "2.a) anew"]
    assert {each.kind.value for each in read_document(str(path), path.name).elements} == {"list_item"}


@pytest.fixture
def samples() -> Path:
    folder = Path(__file__).parents[4] / "shared" / "data" / "samples"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


def test_numbers_in_a_document_that_spells_them_out(samples: Path) -> None:
    path = next(samples.rglob("testWORD_override_list_numbering.docx"))
    items = [each for each in read_document(str(path), path.name).elements if each.kind.value == "list_item"]
    pairs = [each.text.split(" ", 1) for each in items if " " in each.text]
    assert len(pairs) > 30
    assert [label for label, _ in pairs] == [text for _, text in pairs]


def test_headings_by_localised_style_outline_level_and_inheritance(tmp_path: Path) -> None:
    styles = """
    <w:style w:type='paragraph' w:styleId='berschrift2'><w:name w:val='heading 2'/></w:style>
    <w:style w:type='paragraph' w:styleId='Mine'><w:name w:val='My own'/><w:basedOn w:val='berschrift2'/></w:style>
    <w:style w:type='paragraph' w:styleId='Titre3'><w:name w:val='Titre 3'/></w:style>
    <w:style w:type='paragraph' w:styleId='Toc'><w:name w:val='TOC Heading'/><w:basedOn w:val='berschrift2'/>
      <w:pPr><w:outlineLvl w:val='9'/></w:pPr></w:style>
    <w:style w:type='paragraph' w:styleId='Cap'><w:name w:val='caption'/></w:style>
    <w:style w:type='paragraph' w:styleId='Loop'><w:name w:val='Loop'/><w:basedOn w:val='Loop'/></w:style>"""

    def styled(id: str, more: str = "") -> str:
        return paragraph(f"<w:pPr><w:pStyle w:val='{id}'/>{more}</w:pPr>", run(id))

    names = ("berschrift2", "Mine", "Titre3", "Toc", "Cap", "Loop")
    body = "".join(map(styled, names)) + styled("Cap", "<w:outlineLvl w:val='3'/>")
    path = with_body(tmp_path / "a.docx", body)
    make.edited(path, "word/_rels/document.xml.rels", 'relationships/styles"', 'relationships/none"')
    with_parts(path, styles=styles)
    found = [(each.kind.value, each.level) for each in read_document(str(path), path.name).elements]
    plain = ("paragraph", None)
    assert found == [("heading", 2), ("heading", 2), ("heading", 3), plain, ("caption", None), plain, ("heading", 4)]


def test_fields_show_their_results_only(tmp_path: Path) -> None:
    def mark(kind: str) -> str:
        return f"<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>"

    code = "<w:r><w:instrText>IF </w:instrText></w:r>"
    inner = mark("begin") + code + mark("separate") + run("4") + mark("end")
    body = paragraph(run("See "), mark("begin"), code, inner, mark("separate"), run("page 5"), mark("end"), run("."))
    unended = paragraph(run("a"), mark("begin"), code) + paragraph(run("b"))
    assert texts(with_body(tmp_path / "a.docx", body + unended)) == ["See page 5.", "a", "b"]


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph(run('In the box.'))}</w:txbxContent>"
    names = "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' xmlns:v='urn:schemas-microsoft-com:vml'"
    choice = f"<mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
    fallback = f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
    both = f"<mc:AlternateContent {names}>{choice}{fallback}</mc:AlternateContent>"
    path = with_body(tmp_path / "a.docx", paragraph(run("Before."), f"<w:r>{both}</w:r>") + paragraph(run("After.")))
    assert texts(path) == ["Before.", "In the box.", "After."]


def test_merged_cells_are_filled_and_a_table_in_a_cell_is_its_text(tmp_path: Path) -> None:
    def cell(properties: str, *inner: str) -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{''.join(inner)}</w:tc>"

    def row(*cells: str) -> str:
        return f"<w:tr>{''.join(cells)}</w:tr>"

    nested = f"<w:tbl>{row(cell('', paragraph(run('p'))), cell('', paragraph(run('q'))))}</w:tbl>"
    table = row(cell("<w:gridSpan w:val='2'/>", paragraph(run("wide"))), cell("", paragraph(run("c"))))
    table += row(cell("<w:vMerge w:val='restart'/>", paragraph(run("tall"))), cell("", nested), cell("", paragraph(run("d"))))
    table += row(cell("<w:vMerge/>", paragraph()), cell("", paragraph(run("e"))), cell("<w:gridSpan w:val='999999999'/>"))
    path = with_body(tmp_path / "a.docx", f"<w:tbl>{table}</w:tbl>")
    cells = read_document(str(path), path.name).elements[0].cells
    assert [line[:3] for line in cells] == [["wide", "wide", "c"], ["tall", "p q", "d"], ["tall", "e", ""]]


def test_notes_follow_their_paragraph(tmp_path: Path) -> None:
    body = paragraph(run("Water"), "<w:r><w:footnoteReference w:id='2'/></w:r>", run(" flows.")) + paragraph(run("On."))
    path = with_body(tmp_path / "a.docx", body)
    with_parts(path, footnotes=f"<w:footnote w:id='2'>{paragraph(run('Mostly.'))}</w:footnote>")
    assert texts(path) == ["Water flows.", "Mostly.", "On."]


def test_pages_count_only_if_they_are_as_many_as_word_says(tmp_path: Path) -> None:
    body = paragraph(run("one")) + paragraph("<w:r><w:lastRenderedPageBreak/><w:t>two</w:t></w:r>")
    path = with_body(tmp_path / "a.docx", body)
    assert [each.page for each in read_document(str(path), path.name).elements] == [None, None]
    make.edited(path, "docProps/app.xml", "<Pages>1</Pages>", "<Pages>2</Pages>")
    assert [each.page for each in read_document(str(path), path.name).elements] == [1, 2]


def test_symbols_equations_and_breaks(tmp_path: Path) -> None:
    names = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    half = "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    sign = "<w:r><w:sym w:font='Wingdings' w:char='F0FC'/><w:tab/><w:t>done</w:t><w:br/><w:t>or</w:t><w:noBreakHyphen/></w:r>"
    body = paragraph(sign, f"<m:oMath {names}>{half}</m:oMath>")
    assert texts(with_body(tmp_path / "a.docx", body)) == ["✓\tdone\nor-1/2"]


def test_equations_on_one_line(tmp_path: Path) -> None:
    def part(name: str, text: str) -> str:
        return f"<m:{name}><m:r><m:t>{text}</m:t></m:r></m:{name}>"

    equations = {
        f"<m:f>{part('num', 'a+b')}{part('den', 'c')}</m:f>": "(a+b)/c",
        f"<m:sSup>{part('e', 'x')}{part('sup', '-1')}</m:sSup>": "x^(-1)",
        f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr>{part('sub', 'i')}{part('e', 'i')}</m:nary>": "∑_i i",
        f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=''/></m:dPr>{part('e', 'x')}{part('e', 'y')}</m:d>": "[x|y",
        f"<m:rad>{part('deg', '3')}{part('e', '8')}</m:rad>": "3√8",
        f"<m:func>{part('fName', 'sin')}{part('e', 'x')}</m:func>": "sin x",
        f"<m:m><m:mr>{part('e', '1')}{part('e', '0')}</m:mr><m:mr>{part('e', '0')}{part('e', '1')}</m:mr></m:m>": "1 0; 0 1",
        f"<m:sPre>{part('sub', 'Z')}{part('sup', 'A')}{part('e', 'X')}</m:sPre>": "_Z^AX",
    }
    names = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    body = "".join(paragraph(f"<m:oMath {names}>{equation}</m:oMath>") for equation in equations)
    assert texts(with_body(tmp_path / "a.docx", body)) == list(equations.values())


def test_rows_that_are_repeated_on_every_page_are_the_header(tmp_path: Path) -> None:
    def row(first: str, second: str, mark: str = "") -> str:
        cells = "".join(f"<w:tc>{paragraph(run(text))}</w:tc>" for text in (first, second))
        return f"<w:tr><w:trPr>{mark}</w:trPr>{cells}</w:tr>"

    head, off = "<w:tblHeader/>", "<w:tblHeader w:val='0'/>"
    for marks, lines in ((("", "", ""), 2), ((head, head, ""), 3), ((head, off, ""), 2), ((head, head, head), 2)):
        rows = "".join(row(f"a{number}", "b", mark) for number, mark in enumerate(marks))
        path = with_body(tmp_path / "a.docx", f"<w:tbl>{rows}</w:tbl>")
        assert [each.header_lines for each in read_document(str(path), path.name).elements] == [lines]


def test_word_art_is_text(tmp_path: Path) -> None:
    art = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="Water &amp; life"/></v:shape>'
    assert texts(with_body(tmp_path / "a.docx", paragraph(f"<w:r><w:pict>{art}</w:pict></w:r>"))) == ["Water & life"]


def test_headers_and_footers_are_read_where_nothing_else_is(tmp_path: Path) -> None:
    import docx
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    section = document.sections[0]
    section.different_first_page_header_footer = True
    for header in (section.header, section.first_page_header):
        header.paragraphs[0].text = "Letterhead"
    section.footer.paragraphs[0].text = "Page "
    field = parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
    section.footer.paragraphs[0]._p.append(field)
    document.save(str(tmp_path / "a.docx"))
    assert texts(tmp_path / "a.docx") == ["Letterhead"]
    document.add_paragraph("Dear all,")
    document.save(str(tmp_path / "a.docx"))
    assert texts(tmp_path / "a.docx") == ["Dear all,"]


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    path = with_body(tmp_path / "a.docx", paragraph("<w:r><w:t>before &lol; after</w:t></w:r>"))
    laughs = '<!DOCTYPE x [<!ENTITY l "lol"><!ENTITY lol "&l;&l;&l;&l;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    make.edited(path, "word/document.xml", "<w:document", laughs + "<w:document")
    assert "lol" not in "".join(texts(path))


def test_parts_outside_the_package_are_not_followed(tmp_path: Path) -> None:
    path = with_body(tmp_path / "a.docx", paragraph(run("Here.")))
    target = 'TargetMode="External" Target="http://192.0.2.1/comments.xml"'
    relation = f'<Relationship Id="x1" Type="a/comments" {target}/>'
    make.edited(path, "word/_rels/document.xml.rels", "</Relationships>", f"{relation}</Relationships>")
    assert texts(path) == ["Here."]


def test_a_deeply_nested_document_is_refused_or_read(tmp_path: Path) -> None:
    path = with_body(tmp_path / "a.docx", "<w:sdt>" * 5000 + paragraph(run("deep")) + "</w:sdt>" * 5000)
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.CORRUPT
