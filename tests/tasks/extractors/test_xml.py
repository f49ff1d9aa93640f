"""XML: documents of several vocabularies, data, and what attacks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.read import read_document
from tasks.extractors.xml import XmlExtractor
from tests.contracts.extractors import ExtractorContract

BOOK = """<?xml version="1.0" encoding="windows-1252"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info><genre>prose</genre>
<author><first-name>Maria</first-name><last-name>Keeper</last-name></author><book-title>Águas</book-title><lang>pt</lang>
<annotation><p>About water.</p></annotation></title-info></description>
<body><title><p>Águas</p></title><section><title><p>One</p><p>Gates</p></title><p>They <emphasis>open</emphasis>.</p>
<section><title><p>Wood</p></title><poem><stanza><v>line one</v><v>line two</v></stanza></poem></section></section></body>
<binary id="a.png">AAAABBBB</binary></FictionBook>"""

ARTICLE = """<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><journal-meta><journal-id>x</journal-id></journal-meta>
<article-meta><title-group><article-title>On channels</article-title></title-group>
<abstract><p>Short.</p></abstract></article-meta></front>
<body><sec><title>Methods</title><p>We <italic>dug</italic> a channel<xref>1</xref>.</p>
<list><list-item><p>gates</p></list-item><list-item><p>basins</p></list-item></list>
<table-wrap><caption><p>Flow</p></caption><table><tr><th>Day</th><th>Litres</th></tr><tr><td>Mon</td><td>3</td></tr></table>
</table-wrap><preformat>a
 b</preformat></sec></body>
<back><ref-list><ref><element-citation><name>Silva</name><year>1952</year></element-citation></ref></ref-list></back></article>"""


def extract(tmp_path: Path, source: str, name: str = "a.xml") -> Document:
    path = tmp_path / name
    path.write_text(source)
    return read_document(str(path), name)


def shown(document: Document) -> list[tuple[str, int | None, str]]:
    return [(element.kind.value, element.level, element.text) for element in document.elements]


class TestXmlExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> XmlExtractor:
        return XmlExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "book.fb2"
        path.write_bytes(BOOK.encode("cp1252"))
        return path

    def test_a_book(self, sample: Path) -> None:
        document = read_document(str(sample), sample.name)
        assert document.title == "Águas"
        assert document.metadata == {"author": "Maria Keeper", "language": "pt"}
        assert shown(document) == [
            ("paragraph", None, "About water."),
            ("heading", 1, "Águas"),
            ("heading", 1, "One Gates"),
            ("paragraph", None, "They open."),
            ("heading", 2, "Wood"),
            ("paragraph", None, "line one"),
            ("paragraph", None, "line two"),
        ]


def test_an_article(tmp_path: Path) -> None:
    document = extract(tmp_path, ARTICLE)
    assert document.title == "On channels"
    assert shown(document) == [
        ("heading", 1, "On channels"),
        ("paragraph", None, "Short."),
        ("heading", 2, "Methods"),
        ("paragraph", None, "We dug a channel1."),
        ("list_item", None, "gates"),
        ("list_item", None, "basins"),
        ("caption", None, "Flow"),
        ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 3 |"),
        ("code", None, "a\n b"),
        ("paragraph", None, "Silva 1952"),
    ]


def test_data(tmp_path: Path) -> None:
    record = "<cd><title>{}</title><year>{}</year></cd>"
    source = (
        f"<shop><name>Fado</name><place/><a>1</a>{record.format('x', 1)}{record.format('y', 2)}<deep><er>z</er></deep></shop>"
    )
    assert shown(extract(tmp_path, source)) == [
        ("paragraph", None, "name: Fado\na: 1"),
        ("table", None, "| title | year |\n| --- | --- |\n| x | 1 |\n| y | 2 |"),
        ("paragraph", None, "er: z"),
    ]


def test_pages_in_a_feed(tmp_path: Path) -> None:
    text = "&lt;p&gt;Water &lt;b&gt;flows&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Always.&lt;/p&gt;"
    item = f"<item><title>News</title><description>{text}</description></item>"
    document = extract(tmp_path, f"<rss><channel><title>Feed</title>{item}</channel></rss>", "a.rss")
    assert shown(document) == [
        ("heading", 1, "Feed"),
        ("heading", 1, "News"),
        ("paragraph", None, "Water flows."),
        ("paragraph", None, "Always."),
    ]


def test_words_in_a_drawing(tmp_path: Path) -> None:
    facts = "<metadata><Work xmlns='http://creativecommons.org/ns#'><format>image/svg+xml</format></Work></metadata>"
    texts = "<text>A <tspan>gate</tspan></text><text display='none'>unseen</text>"
    source = f"<svg xmlns='http://www.w3.org/2000/svg'><title>Plan</title>{facts}<style>b</style><image href='http://example.org/x'/>{texts}</svg>"
    document = extract(tmp_path, source, "a.svg")
    assert shown(document) == [("heading", 1, "Plan"), ("paragraph", None, "A gate")]
    assert document.metadata["hidden_text"] == "6"


def test_what_is_not_well_formed_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    document = extract(tmp_path, "<?xml version='1.0'?><list><item>apple</item><item>pear</list>")
    assert "apple" in document.text
    assert document.warnings[0].startswith("not well-formed")


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from another file")
    laughs = '<!ENTITY l0 "laugh">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    source = f'<!DOCTYPE a [{laughs}<!ENTITY x SYSTEM "file://{secret}">]><a><p>words &l11; &x; end</p></a>'
    document = extract(tmp_path, source)
    assert document.text == "words end"


@pytest.mark.parametrize(
    "source", ["<?xml version='1.0'?>", "<?xml version='1.0'?>words", "<a>" * 100_000, "<?xml version='1.0'?>" + "<" * 500_000]
)
def test_what_is_no_xml_is_corrupt(tmp_path: Path, source: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, source)
    assert caught.value.reason is Reason.CORRUPT


def test_attributes_alone_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(Unprocessable) as caught:
        extract(tmp_path, "<?xml version='1.0'?><a b='c'><d e='f'/></a>")
    assert caught.value.reason is Reason.EMPTY
