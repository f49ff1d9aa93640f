"""Markdown: golden cases, and the same blocks as markdown-it-py, a full CommonMark parser, over real files."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from core.documents import HIDDEN_TEXT, Document, ElementKind
from core.reading import ReadingPolicy
from tasks.extractors._markup.markdown_blocks import blocks
from tasks.extractors._markup.markdown_inline import plain
from tasks.extractors.base import Reading
from tasks.extractors.markdown import MarkdownExtractor
from tests.contracts.extractors import ExtractorContract

REPOSITORY = Path(__file__).resolve().parents[3]
EDITS = REPOSITORY / ".." / "shared" / "data" / "edits" / "rclone-docs.git.tar.gz"

SAMPLE = """\
---
title: "Channel guide"
author: M. Keeper
date: 2024-02-29
tags: [water, hills]
---

# Channels {#top}

A **levada** is a `channel`, see [the map](map.md "Map")
and ![the photo](photo.jpg).

Gates
-----

1. open the *gate*
   - slowly
   - fully

   Wait for the water.
2. close it \\*again\\*

```sh
  open --gate 1
# not a heading
```

> quoted words
continue

| Day | Litres |
|-----|-------:|
| Mon | `3\\|4` |
| Tue |

<div class="note">Shown <b>too</b>.<script>not this</script></div>

    indented code

***
[ref]: https://example.org
Last<br>line\\
broken &amp; done.
"""


class TestMarkdownExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> MarkdownExtractor:
        return MarkdownExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        path = tmp_path / "guide.md"
        path.write_text(SAMPLE)
        return path

    def test_elements(self, sample: Path, extractor: MarkdownExtractor) -> None:
        document = extractor.extract(str(sample), "text/markdown")
        assert document.title == "Channel guide"
        assert document.metadata == {"author": "M. Keeper", "date": "2024-02-29", "keywords": "water, hills"}
        assert [(e.kind.value, e.level, e.text) for e in document.elements] == [
            ("heading", 1, "Channels"),
            ("paragraph", None, "A levada is a channel, see the map and the photo."),
            ("heading", 2, "Gates"),
            ("list_item", None, "1. open the gate"),
            ("list_item", None, "slowly"),
            ("list_item", None, "fully"),
            ("paragraph", None, "Wait for the water."),
            ("list_item", None, "2. close it *again*"),
            ("code", None, "open --gate 1\n# not a heading"),
            ("paragraph", None, "quoted words continue"),
            ("table", None, "| Day | Litres |\n| --- | --- |\n| Mon | 3\\|4 |\n| Tue |"),
            ("paragraph", None, "Shown too."),
            ("code", None, "indented code"),
            ("paragraph", None, "Last\nline\nbroken & done."),
        ]


def extract(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "a.md"
    path.write_text(text)
    return MarkdownExtractor().extract(str(path), "text/markdown")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("seen <span hidden>un`se`en</span> too", "seen  too"),
        ("seen <b style='display:none'>un<b>se</b>en</b> too", "seen  too"),
        ("# seen <font color=white>unseen</font> too", "seen too"),
        ("seen <span style='font-size:0'>unseen", "seen"),
        ("| seen | too |\n| - | - |\n| <i hidden>unseen</i> | x |", "| seen | too |\n| --- | --- |\n|  | x |"),
        ("seen\n\n<div style='visibility:hidden'>unseen</div>\n", "seen"),
    ],
)
def test_html_that_is_hidden_is_left_out_and_counted(tmp_path: Path, source: str, shown: str) -> None:
    document = extract(tmp_path, source)
    assert document.text == shown
    assert document.metadata[HIDDEN_TEXT] == "6"
    path = tmp_path / "a.md"
    kept = MarkdownExtractor().extract(str(path), "text/markdown", Reading(ReadingPolicy(keep_hidden=True)))
    assert "unseen" in kept.text
    assert kept.metadata[HIDDEN_TEXT] == "6"


@pytest.mark.parametrize(
    "source", ["a `<span hidden>` b", "a <hidden field> b", "a <color name> b", "a <span style='color:red'>b</span>", "<hidden"]
)
def test_words_about_hiding_hide_nothing(tmp_path: Path, source: str) -> None:
    document = extract(tmp_path, source)
    assert HIDDEN_TEXT not in document.metadata
    assert "b" in document.text or "hidden" in document.text


def test_the_first_heading_is_the_title_without_front_matter(tmp_path: Path) -> None:
    assert extract(tmp_path, "text\n\nTitle *here*\n===\n").title == "Title here"
    assert extract(tmp_path, "---\n\ntext\n\n---\n").title is None


def test_only_a_definition_of_a_link_is_left_out(tmp_path: Path) -> None:
    definitions = ["[a]: /url", "[b c]: <u v> 'title'", '[d]:e "title"  ', "[f]: g (title)"]
    texts = ["[Alice]: Thank you for coming", "[10:32]: the pump failed", "[h]: <name> j", '[k]: l "m" n', "[o]: <name>q"]
    document = extract(tmp_path, "\n\n".join([*definitions, *texts]))
    assert [element.text for element in document.elements] == texts


@pytest.mark.parametrize(
    "head",
    [
        'title: "T"\n\ntags:\n- a b\n- c\n# more\nlong: >\n  goes\n\n  on\nog:type: x\n"@id": 1\nempty:',
        "# first\ntitle : T\nlist: [\na,\nb\n]",
        'title = "T"\n[params]\nkey="v"\n\n[[menu.main]]\nx = 1',
    ],
)
def test_front_matter_is_taken_off(tmp_path: Path, head: str) -> None:
    mark = "+++" if " = " in head else "---"
    document = extract(tmp_path, f"{mark}\n{head}\n{mark}\nwords\n")
    assert (document.title, document.text) == ("T", "words")


@pytest.mark.parametrize(
    "text",
    [
        "\n# Slide one\n\nNote: go slowly.\n",
        "# Slide one\n\nNote: go slowly.\n",
        "Meeting notes: 12 May\n\nWe decided to open the gate.\n",
        "words: and\nwords\nand more words\n",
    ],
)
def test_text_between_two_rules_is_no_front_matter(tmp_path: Path, text: str) -> None:
    document = extract(tmp_path, f"---\n{text}\n---\n\nwords\n")
    shown = [" ".join(part.split()).removeprefix("# ") for part in text.strip().split("\n\n")]
    assert [element.text for element in document.elements] == [*shown, "words"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("***all*** of ~~it~~ _was_ __bold__", "all of it was bold"),
        ("`a*b*c` and ``x ` y``", "a*b*c and x ` y"),
        ("[![badge](a.svg)](https://ci)", "badge"),
        ("[a](<b c> 'd') [e][F  x] [g]", "a e [g]"),
        ("matrix[i][j] and see [12][34]", "matrix[i][j] and see [12][34]"),
        ("![a][f x]![b][no] [f X][] [c][] [![d][f x]](u) [i][j](u)", "a![b][no] f X [c][] d [i]j"),
        ("[the list][`Vec`] and [`Vec`][]", "the list and Vec"),
        ("/x?a=5&region=eu&copy=2 &amp;lt; &notit; &lt;b&#x41;&#66;", "/x?a=5&region=eu&copy=2 &lt; &notit; <bAB"),
        ("`a` &#xe000; and &#xe000;5&#xe001;", "a \ue000 and \ue0005\ue001"),  # icons of fonts, and our own marks
        ("<https://example.org/a_b_c> <a@b.org>", "https://example.org/a_b_c a@b.org"),
        ("Use List<String> or <name> with <b>care</b><!-- gone -->", "Use List<String> or <name> with care"),
        (r"\[not\](a link) \`code\`", "[not](a link) `code`"),
        ("[wiki](https://en.org/X_(y))", "wiki"),
        ("plain words only", "plain words only"),
        ("filter(user__name__icontains=1) and a__b__", "filter(user__name__icontains=1) and a__b__"),
        ("(__bold__), ___both___ and __two words__.", "(bold), both and two words."),
    ],
)
def test_inline_markup(source: str, shown: str) -> None:
    assert plain(source, frozenset({"f x", "vec"})) == shown


def test_a_reference_may_come_before_its_definition_and_stand_elsewhere(tmp_path: Path) -> None:
    document = extract(tmp_path, "# [a][One]\n\n- [b][two] [c][three]\n\n> [One]: /u\n\n- [two]: /v\n")
    assert [element.text for element in document.elements] == ["a", "b [c][three]"]


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 50_000,
        "**a " * 20_000,
        "x " + "`" * 50_000,
        "`` ` " * 9_000,
        "<a " * 20_000,
        "> " * 5_000 + "x",
        "- " * 3_000 + "x",
        *("- q" + "\nlazy" * 50_000, "> q" + "\nlazy" * 50_000, "> > - q" + "\nlazy" * 20_000),
        *("a" + " " * 200_000 + "b  \nc", "# a" + "\t" * 200_000 + "b", "a|b\n-" + " " * 200_000 + "b", "a " + "<!--" * 50_000),
        *("a|b\n-|-" + "\t" * 200_000 + "b", "---\na" + " " * 200_000 + "b\n---\nc: d", "[a]: b" + "\t" * 200_000 + "c"),
        *("a " + mark * 200_000 + " b" for mark in " \t.[]()*`~<>&|#_7!-=\\"),
    ],
)
def test_hostile_nesting_is_read(tmp_path: Path, hostile: str) -> None:
    assert extract(tmp_path, hostile + "\n").elements


def test_the_same_blocks_as_a_full_parser(markdown_files: list[str]) -> None:
    assert len(markdown_files) >= 10
    for source in markdown_files:
        assert ours(source) == theirs(source), source[:200]


@pytest.fixture(scope="module")
def markdown_files() -> list[str]:
    """Markdown without HTML blocks or front matter, which the two read differently on purpose."""
    found = [path.read_text() for path in sorted(REPOSITORY.glob("*.md")) + sorted((REPOSITORY / "docs").glob("*.md"))]
    return [text for text in [*found, *SPEC] if not text.startswith("---") and "\n<" not in text]


def test_the_same_blocks_on_a_real_documentation_tree(tmp_path: Path) -> None:
    if not EDITS.exists():
        pytest.skip(f"real documents are not here: {EDITS}")
    with tarfile.open(EDITS) as archive:
        archive.extractall(tmp_path, filter="data")
    listing = subprocess.run(
        ["git", "--git-dir", str(tmp_path / "rclone-docs.git"), "archive", "HEAD"], check=True, capture_output=True
    )
    tree = tmp_path / "tree.tar"
    tree.write_bytes(listing.stdout)
    with tarfile.open(tree) as archive:
        names = [name for name in archive.getnames() if name.endswith(".md")][::3]
        sources = [file.read().decode() for name in names if (file := archive.extractfile(name)) is not None]
    assert len(sources) > 50
    for source in sources:
        body = source.split("\n---\n", 1)[-1] if source.startswith("---\n") else source
        if len(body) < 60_000:
            assert ours(body) == theirs(body), source[:200]


SPEC = [
    "# a\n## b ##\n###c\n#\tx\n####### seven\n",
    "Para\ngoes on\n===\nnext\n---\n\n- - -\n",
    "- a\n- b\n\n  c\n\n      code\n- d\n",
    "1. one\n1. two\n\ntext\n2. not a list inside text\n",
    "text\n- interrupts\n\ntext\n-\n",
    "* a\n\n  * b\n\n    * c\n* d\n",
    "- a\n  lazy\nstill lazy\n\nout\n",
    "> a\n> b\nlazy\n\n> - c\n> ```\n> code\n> ```\n",
    "```\ncode\n\n~~~\nstill\n```\nafter\n~~~~ info\nx\n~~~\n~~~~\n",
    "    code\n\n    more\n\ntext\n    not code\n",
    "| a | b |\n|---|---|\n| c |\nd | e | f\n\n| no | table |\ntext\n",
    "text\n| a |\n| - |\n| b |\n> quote\n",
    "10) ten\n11) eleven\n    - inner\n\n      para\n",
    "-   wide marker\n\n    its paragraph\n-\tx\n",
    "- a\n - b\n  - c\n   - d\n    - e\n",
    "[ref]: /url\n[ref2]: <u> 'title'\ntext [ref]\n",
    "[ref]: not one\n\n[ref]: /url junk\n\n[ref]: <u>v\n\n[ref]: /url (t)\ntext\n",
    "- [ ] task\n- [x] done\n\n***\n___\n",
    "a  \nb\\\nc\n",
]


def ours(source: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for block in blocks(source.split("\n")):
        if block.kind is ElementKind.HEADING:
            found.append(("heading", block.level))
        elif block.kind is ElementKind.CODE:
            if block.text.strip():
                found.append(("code", *block.text.split()))
        else:
            found.append((block.kind.value,))
    return found


def theirs(source: str) -> list[tuple[object, ...]]:
    return list(_blocks_of(MarkdownIt("commonmark").enable("table"), source))


def _blocks_of(parser: MarkdownIt, source: str) -> Iterator[tuple[object, ...]]:
    quotes = 0
    tokens = parser.parse(source)
    for before, token in zip([None, *tokens], tokens, strict=False):
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        in_item = before is not None and before.type == "list_item_open"
        if token.type == "heading_open":
            yield ("paragraph",) if quotes else ("heading", int(token.tag[1]))
        elif token.type in ("fence", "code_block") and token.content.strip():
            yield ("code", *token.content.split())
        elif token.type == "table_open":
            yield ("table",)
        elif token.type == "paragraph_open":
            yield ("list_item",) if in_item else ("paragraph",)
