"""HTML: what a reader would call the content, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document, ElementKind
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.html import HtmlExtractor, fragment
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract

PAGE = """<!DOCTYPE html>
<html lang="pt"><head><title>Canais &amp; portas</title><meta name="author" content="M. Keeper">
<meta name="description" content="About channels"><style>p { color: red }</style>
<script src="https://tracker.example.org/t.js">document.write("from a script")</script></head>
<body><header><a href="/">Site name</a></header><nav><ul><li>Home</li></ul></nav>
<article><header><h1>Levadas <a class="anchor">¶</a></h1></header>
<p>Water   flows
by its <b>weight</b> alone.<br>Always.</p>
<h2>Parts</h2>
<ol><li>gates<ul><li>of wood</li></ul></li><li><p>basins</p><p>hold water</p></li></ol>
<dl><dt>levada</dt><dd>a channel</dd></dl>
<table><caption>Flow</caption><thead><tr><th>Day</th><th colspan="2">Litres</th></tr></thead>
<tbody><tr><td rowspan="2">Mon</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4|5</td></tr></tbody></table>
<pre>open
  --gate 1</pre>
<figure><img src="https://example.org/a.png" alt="x"><figcaption>A gate.</figcaption></figure>
<div>loose <span>words</span><div>in a box</div>after it</div>
<p hidden>not shown</p><p style="display: none">neither</p><button>Press</button>
</article><footer>Imprint</footer></body></html>"""


class TestHtmlExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> HtmlExtractor:
        return HtmlExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "page.html"
        path.write_text(PAGE)
        return path

    def test_elements(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Canais & portas"
        assert document.metadata == {
            "author": "M. Keeper",
            "subject": "About channels",
            "language": "pt",
            "hidden_text": "15",
        }
        assert [(e.kind.value, e.level, e.text) for e in document.elements] == [
            ("heading", 1, "Levadas"),
            ("paragraph", None, "Water flows by its weight alone.\nAlways."),
            ("heading", 2, "Parts"),
            ("list_item", None, "1. gates"),
            ("list_item", None, "of wood"),
            ("list_item", None, "2. basins"),
            ("paragraph", None, "hold water"),
            ("list_item", None, "levada"),
            ("list_item", None, "a channel"),
            ("caption", None, "Flow"),
            ("table", None, "| Day | Litres | Litres |\n| --- | --- | --- |\n| Mon | 1 | 2 |\n| Mon | 3 | 4\\|5 |"),
            ("code", None, "open\n  --gate 1"),
            ("paragraph", None, "x"),
            ("caption", None, "A gate."),
            ("paragraph", None, "loose words"),
            ("paragraph", None, "in a box"),
            ("paragraph", None, "after it"),
            ("paragraph", None, "Press"),
        ]


def extract(tmp_path: Path, source: str | bytes) -> Document:
    path = tmp_path / "a.html"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return read_document(str(path), path.name)


def texts(document: Document) -> list[str]:
    return [element.text for element in document.elements]


def test_main_is_all_that_counts_where_it_is_marked(tmp_path: Path) -> None:
    main = "<p>" + "The content of the page itself. " * 10 + "</p>"
    document = extract(tmp_path, f"<html><body><p>Banner</p><main>{main}</main><p>Related pages</p></body></html>")
    assert len(document.elements) == 1


def test_what_claims_to_be_the_main_content_must_hold_a_fair_part_of_it(tmp_path: Path) -> None:
    box = f"<div role=main>{'A banner of some words. ' * 12}</div>"
    content = "<p>" + "The content of the page itself. " * 10 + "</p>"
    menu = "<nav>" + "<a>One more entry of the menu</a> " * 200 + "</nav>"
    assert len(extract(tmp_path, f"<html><body>{box}{content * 10}</body></html>").elements) == 11
    assert len(extract(tmp_path, f"<html><body>{menu}<p>Banner</p>{box}<p>Related</p></body></html>").elements) == 1


@pytest.mark.parametrize("page", ["{}", "<div id=root><div>{}</div></div>", "<form><script>x()</script>{}</form>"])
def test_only_the_header_and_footer_of_the_page_are_left_out(tmp_path: Path, page: str) -> None:
    section = "<section><header><h2>Gates</h2><p>of wood</p></header><p>open</p><footer>by M. Keeper</footer></section>"
    body = f"<header>Site</header><div><header>Lead</header></div>{section}<footer>Imprint</footer>"
    document = extract(tmp_path, f"<html><body>{page.format(body)}</body></html>")
    assert texts(document) == ["Lead", "Gates", "of wood", "open", "by M. Keeper"]
    titled = "<header><h1>Levadas</h1></header><p>words</p><footer><div>Imprint</div></footer>"
    assert texts(extract(tmp_path, f"<html><body>{page.format(titled)}</body></html>")) == ["Levadas", "words"]


def test_a_heading_may_be_a_button(tmp_path: Path) -> None:
    document = extract(tmp_path, "<html><body><h2><button>When does it <b>open</b>?</button></h2><p>In June.</p></body></html>")
    assert texts(document) == ["When does it open?", "In June."]
    tools = "<h1>Gates<button>Copy link</button></h1><pre><button>Copy</button>open</pre><button>Details</button><p>of wood</p>"
    assert texts(extract(tmp_path, f"<html><body>{tools}</body></html>")) == ["Gates", "open", "Details", "of wood"]


def test_words_in_a_cell_stay_whole(tmp_path: Path) -> None:
    cells = "<td>CO<sub>2</sub></td><td><b>C</b>arbon <i>x</i></td><td><span>10</span>%</td><td>a<br>b<p>c</p>d<ul><li>e</ul>"
    table = f"<table><caption>H<sub>2</sub>O</caption><tr>{cells}</tr><tr><td>1</td><td>2</td></tr></table>"
    caption, text = texts(extract(tmp_path, f"<html><body>{table}</body></html>"))
    assert caption == "H2O"
    assert text.split("\n")[0] == "| CO2 | Carbon x | 10% | a b c d e |"


def test_cells_may_stand_in_a_form(tmp_path: Path) -> None:
    rows = "<tr><form><td>a</td><td>b</td></form></tr><tr><td>c</td><form><th>d</th></form></tr>"
    assert texts(extract(tmp_path, f"<html><body><table>{rows}</table></body></html>")) == [
        "| a | b |\n| --- | --- |\n| c | d |"
    ]


def test_a_page_that_is_all_navigation_is_read_all_the_same(tmp_path: Path) -> None:
    assert texts(extract(tmp_path, "<html><body><nav><a>Only this</a></nav></body></html>")) == ["Only this"]


def test_tables_that_lay_out_the_page_are_opened(tmp_path: Path) -> None:
    inner = "<table><tr><td>a<td>b<tr><td>1<td>2</table>"
    source = f"<html><table><tr><td><h2>News</h2><p>First item</p></td><td>{inner}</td></tr></table>"
    document = extract(tmp_path, source)
    assert [e.kind for e in document.elements] == [ElementKind.HEADING, ElementKind.PARAGRAPH, ElementKind.TABLE]


def test_the_declared_encoding_is_used(tmp_path: Path) -> None:
    source = '<html><head><meta charset="windows-1251"></head><body>Вода</body></html>'.encode("cp1251")
    assert texts(extract(tmp_path, source)) == ["Вода"]


def test_entities_are_never_expanded_from_a_document_type(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from another file")
    entities = f'<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "{secret}">'
    document = extract(tmp_path, f"<!DOCTYPE html [{entities}]><html><body><p>&b; &x; end</p>")
    assert "aaaaaaaa" not in document.text
    assert "from another file" not in document.text
    assert texts(document)[-1].endswith("end")


def test_spans_that_claim_billions_of_cells(tmp_path: Path) -> None:
    cells = '<td colspan="9999999" rowspan="999999999">x</td><td colspan="65000">y</td>'
    document = extract(tmp_path, f"<html><table><tr>{cells}</tr><tr><td>a<td>b</tr></table>")
    assert len(document.text) < 10_000


def test_deep_nesting(tmp_path: Path) -> None:
    assert extract(tmp_path, "<html><body>" + "<div>" * 1_500 + "deep").text == "deep"
    found = extract(tmp_path, "<html><body><p>shallow</p>" + "<div>" * 20_000 + "deep")  # deeper than the parser goes
    assert texts(found) == ["shallow", "deep"]
    with pytest.raises(Unprocessable) as caught:  # refused, not cut off
        extract(
            tmp_path, "<html><body><p>shallow</p>" + "<table><tr><td><div hidden='" + "x" * 9_000 + "'>"
        ) if False else extract(tmp_path, "<p>shallow</p>" + f"<div title='{'x' * 6_000}'>" * 2_500 + "deep")
    assert caught.value.reason is Reason.CORRUPT


def test_hidden_blocks_leave_no_trace(tmp_path: Path) -> None:
    words = "<article hidden><p>old</p></article> Words <article><p>New</p></article><footer>Imprint</footer>"
    assert texts(extract(tmp_path, f"<html><body>{words}</body></html>")) == ["Words", "New"]
    items = "<ol><li>one<ol hidden><li>x</li></ol></li><li>two<li hidden>y</li> and</li><li>three</li></ol>"
    assert texts(extract(tmp_path, f"<html><body>{items}</body></html>"))[:2] == ["1. one", "2. two"]
    assert texts(extract(tmp_path, f"<html><body>{items}</body></html>"))[-1] == "3. three"
    assert texts(extract(tmp_path, "<html><body>Words<footer>Imprint</footer>go on</body></html>")) == ["Words", "go on"]


def test_a_page_without_text_is_empty(tmp_path: Path) -> None:
    for source in ("<html></html>", "<html><body><script>x()</script><img src=a></body></html>", "<!doctype html>"):
        with pytest.raises(Unprocessable) as caught:
            extract(tmp_path, source)
        assert caught.value.reason is Reason.EMPTY


def test_fragments() -> None:
    assert [e.text for e in fragment("one <b>two</b><p>three")] == ["one two", "three"]
    assert fragment("  ") == []


def test_readings_of_characters_stand_in_brackets(tmp_path: Path) -> None:
    old = "<ruby>水<rp>(</rp><rt>みず</rt><rp>)</rp></ruby>"
    assert texts(extract(tmp_path, f"<html><body><p>{old}と<ruby>山<rt>やま</rt></ruby>の</p></body></html>")) == [
        "水(みず)と山(やま)の"
    ]


def test_pictures_are_what_their_alternative_texts_say(tmp_path: Path) -> None:
    source = "<p>The <img src=http://example.org/a.png alt='wooden gate'> opens.</p><img alt=''><img>"
    assert texts(extract(tmp_path, f"<html><body>{source}</body></html>")) == ["The wooden gate opens."]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<ol start=3><li>c<li>d<li value=9>i<li>j</ol>", ["3. c", "4. d", "9. i", "10. j"]),
        ("<ol reversed><li>two<li>one</ol>", ["2. two", "1. one"]),
        ("<ol type=a><li>x<li>y</ol><ol type=I start=4><li>z</ol>", ["a. x", "b. y", "IV. z"]),
        ("<ol style='list-style-type: lower-roman'><li>x</ol>", ["i. x"]),
        ("<ol type=a start=27><li>x</ol><ol start=many><li>y</ol>", ["27. x", "1. y"]),
        ("<ul><li>• one<li>– two<li>-3 °C</ul>", ["one", "two", "-3 °C"]),
        ("<ul><li>&nbsp;<p>one</p></ul>", ["one"]),
    ],
    ids=range(7),
)
def test_items_are_numbered_as_they_are_shown(tmp_path: Path, source: str, shown: list[str]) -> None:
    document = extract(tmp_path, f"<html><body>{source}</body></html>")
    assert texts(document) == shown
    assert {element.kind for element in document.elements} == {ElementKind.LIST_ITEM}


def test_two_breaks_end_a_paragraph(tmp_path: Path) -> None:
    document = extract(tmp_path, "<html><body>one<br>more<br> <br>two<br><br><br/>three<h2>A<br><br>title</h2></body></html>")
    assert texts(document) == ["one\nmore", "two", "three", "A title"]


def test_no_break_spaces_are_white_space(tmp_path: Path) -> None:
    assert texts(extract(tmp_path, "<html><body><p>&nbsp;a&nbsp;&nbsp; &nbsp;b&nbsp;</p></body></html>")) == ["a b"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("10<sup>3</sup> m<sup>2</sup>", "10^3 m2"),
        ("<b>10</b><sup>−7</sup>", "10^−7"),
        ("in 2010<sup><a href='#f1'>1</a></sup>", "in 2010^1"),
        ("5<sup>1</sup>/<sub>2</sub>", "5 1/2"),
        ("the 5<sup>th</sup> day", "the 5th day"),
        ("<math><mfrac><mn>1</mn><mi>x</mi></mfrac><mo>=</mo><msup><mi>y</mi><mn>2</mn></msup></math>", "1/x=y^2"),
        (
            "<span class=katex><span><math><mi>E</mi><annotation encoding='application/x-tex'>E=mc^2</annotation></math></span>"
            "<span aria-hidden=true>E=mc2</span></span> holds",
            "$E=mc^2$ holds",
        ),
    ],
    ids=range(7),
)
def test_raised_numbers_and_equations(tmp_path: Path, source: str, shown: str) -> None:
    assert texts(extract(tmp_path, f"<html><body><p>{source}</p></body></html>")) == [shown]


def test_a_frame_that_brings_its_page_along(tmp_path: Path) -> None:
    inside = "&lt;p&gt;in &lt;b&gt;it&lt;/b&gt;&lt;p hidden&gt;x&lt;iframe srcdoc=deeper&gt;"
    source = f"<p>before</p><iframe srcdoc='{inside}' src=http://example.org></iframe><iframe srcdoc=' '>x</iframe>after"
    assert texts(extract(tmp_path, f"<html><body>{source}</body></html>")) == ["before", "in it", "after"]


def test_lists_of_the_page_in_other_languages_and_edit_links_are_tools(tmp_path: Path) -> None:
    languages = "<ul><li><a hreflang=de href=/de>Deutsch</a></li> <li><a hreflang=fr href=/fr>Français</a></li></ul>"
    section = "<div><h2>Title</h2><span class='mw-editsection'>[<a href=e>edit</a>]</span></div><p>Text.</p>"
    sources = "<ul><li>See <a hreflang=de href=x>Quelle</a></li><li><a hreflang=fr href=y>Source</a></li></ul>"
    page = f"<html><head><meta name=generator content='MediaWiki 1.45'></head><body>{languages}{section}{sources}</body></html>"
    assert texts(extract(tmp_path, page)) == ["Title", "Text.", "See Quelle", "Source"]
    assert texts(extract(tmp_path, f"<html><body>{languages}</body></html>")) == ["Deutsch", "Français"]


def test_lists_that_word_writes_as_paragraphs(tmp_path: Path) -> None:
    item = "<p class=MsoListParagraph style='margin:0;mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>{}</span>{}</p>"
    blank = "<span style='font:7pt \"Times New Roman\"'>&nbsp;&nbsp; </span>"
    source = item.format(f"§{blank}", "a point") + item.format(f"2.{blank}", "a step") + "<p style='mso-list:none'>words</p>"
    document = extract(tmp_path, f"<html><body>{source}</body></html>")
    assert texts(document) == ["a point", "2. a step", "words"]
    assert [e.kind for e in document.elements] == [ElementKind.LIST_ITEM] * 2 + [ElementKind.PARAGRAPH]


def test_preformatted_text_of_old_pages(tmp_path: Path) -> None:
    document = extract(tmp_path, "<html><body><listing>a\n  b</listing><xmp><b>\n c</xmp></body></html>")
    assert [(e.kind, e.text) for e in document.elements] == [(ElementKind.CODE, "a\n  b"), (ElementKind.CODE, "<b>\n c")]


@pytest.mark.parametrize("tag", ["div", "b", 'span class="x"'])
def test_what_lies_too_deep_is_shown_as_browsers_do(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.html"
    end = f"</{tag.partition(' ')[0]}>"
    path.write_text(f"<h1>Top</h1>{f'<{tag}>' * 3_000}<p>in the deep</p>{end * 3_000}<p>after it</p>")
    elements = read_document(str(path), path.name).elements
    assert [(element.kind.value, element.text) for element in elements] == [
        ("heading", "Top"), ("paragraph", "in the deep"), ("paragraph", "after it"),
    ]  # fmt: skip
