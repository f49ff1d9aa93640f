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
    with pytest.raises(Unprocessable) as caught:  # deeper than the parser goes: refused, not cut off
        extract(tmp_path, "<html><body><p>shallow</p>" + "<div>" * 20_000 + "deep")
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
