"""`levada extract`, as people and scripts use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.apps.command import Command
from tests.tasks.extractors import make

TABLE = "<h1>Water</h1><h2>Hours</h2><table><tr><th>Month</th><th>Hours</th></tr><tr><td>March</td><td>12</td></tr></table>"


@pytest.fixture
def levada(tmp_path: Path) -> Command:
    return Command(tmp_path / "home")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return make.report_pdf(tmp_path / "report.pdf")


def test_people_see_facts_and_elements_with_their_places(levada: Command, report: Path) -> None:
    done = levada("extract", report)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.split() == ["type", "application/pdf"] for line in lines)
    assert any(line.split() == ["title", "Annual", "Water", "Report"] for line in lines)
    place = lines.index("3 paragraph  page 1  Water in the Hills > How channels are built")
    assert lines[place + 1].startswith("   A channel follows the contour of the hill")
    assert "7 heading 2  page 2  Water in the Hills" in lines
    assert not (levada.home).exists(), "it needs no library and makes none"


def test_a_script_gets_one_object(levada: Command, tmp_path: Path, report: Path) -> None:
    found = levada.json("extract", report)
    assert list(found) == ["media_type", "extractor", "title", "metadata", "warnings", "members", "elements"]
    assert found["media_type"] == "application/pdf"
    assert found["metadata"] == {"author": "A. Author", "date": "2024-02-29"}
    heading = found["elements"][1]
    assert (heading["kind"], heading["page"], heading["level"]) == ("heading", 1, 2)
    assert heading["headings"] == ["Water in the Hills"]
    page = tmp_path / "page.html"
    page.write_text(TABLE)
    table = levada.json("extract", page)["elements"][-1]
    assert table["kind"] == "table"
    assert table["cells"] == [["Month", "Hours"], ["March", "12"]]


def test_markdown(levada: Command, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(TABLE)
    done = levada("extract", page, "--markdown")
    assert done.stdout == "# Water\n\n## Hours\n\n| Month | Hours |\n| --- | --- |\n| March | 12 |\n"


def test_one_page(levada: Command, report: Path) -> None:
    elements = levada.json("extract", report, "--page", "2")["elements"]
    assert [element["page"] for element in elements] == [2, 2]
    assert [element["number"] for element in elements] == [7, 8]
    assert elements[1]["headings"] == ["Water in the Hills", "How water is shared"]
    for form in ((), ("--markdown",)):
        assert (
            "Nothing was found on page 9: the last with text is page 3."
            in levada("extract", report, "--page", "9", *form).stderr
        )


def test_a_page_of_a_file_without_pages(levada: Command, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(TABLE)
    assert "Nothing was found on page 2: this file has no pages." in levada("extract", page, "--page", "2").stderr


def test_what_is_refused_is_said_to_both(levada: Command, tmp_path: Path) -> None:
    broken = tmp_path / "[bold]broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    said = levada.error("extract", broken, code=1)
    assert "[bold]broken.pdf: corrupt: " in said
    assert "replace it with a good copy" in said
    done = levada("extract", broken, "--json")
    assert (done.returncode, done.stderr) == (1, said)
    assert list(json.loads(done.stdout)) == ["reason", "detail", "remedy"]
    assert json.loads(done.stdout)["reason"] == "corrupt"


def test_wrong_requests(levada: Command, tmp_path: Path, report: Path) -> None:
    assert "is a folder" in levada.error("extract", tmp_path, code=2)
    assert "check the path" in levada.error("extract", tmp_path / "nowhere", code=2)
    assert "check the path" in levada.error("extract", "x/" * 3000, code=2)
    assert ", csv, docx, " in levada.error("extract", report, "--engine", "nobody", code=2)
    assert "application/pdf, which html does not read" in levada.error("extract", report, "--engine", "html", code=2)
    assert "exclude each other" in levada.error("extract", report, "--json", "--markdown", code=2)
    assert "ends in .png" in levada.error("extract", report, "--draw", tmp_path / "out.jpg", code=2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "no regular file" in levada.error("extract", pipe, code=2)


def test_engines_are_compared(levada: Command, report: Path) -> None:
    found = levada.json("extract", report, "--engine", "pypdf")
    assert found["extractor"].startswith("pypdf/")
    rows: list[dict[str, Any]] = levada.json("extract", report, "--engine", "all")
    assert [row["engine"] for row in rows][:3] == ["pdf", "pypdf", "pypdfium2"]
    assert all(row["pages"] == 3 and row["seconds"] > 0 and row["characters"] > 400 for row in rows)
    table = levada("extract", report, "--engine", "all").stdout.splitlines()
    assert table[-3].split()[:3:2] == ["pdf", "3"]


def test_an_engine_that_refuses_is_in_the_comparison(levada: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    rows = levada.json("extract", tmp_path / "broken.pdf", "--engine", "all")
    assert {row["reason"] for row in rows} == {"corrupt"}
    (tmp_path / "sound.ogg").write_bytes(b"OggS" + bytes(range(256)) * 8)
    assert "unsupported_type: audio/ogg" in levada.error("extract", tmp_path / "sound.ogg", "--engine", "all", code=1)


def test_what_a_terminal_would_obey_is_not_passed_on(levada: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before \x1b[31m \x9b31m [red]after[/red]\tA.\tPurpose")
    shown = levada("extract", tmp_path / "a.txt").stdout
    assert "[red]after[/red] A. Purpose" in shown
    assert not set(shown) & {"\x1b", "\x9b"}


def test_it_imports_neither_prefect_nor_a_ledger_nor_a_model_nor_a_parser(levada: Command, report: Path) -> None:
    code = (
        "import sys; sys.argv = ['levada', 'extract', sys.argv[1]]\n"
        "import os; os._exit = sys.exit\n"
        "from apps.cli import main\n"
        "heavy = {'prefect', 'torch', 'openvino', 'chromadb', 'sqlalchemy', 'pypdfium2', 'pypdf', 'lxml', 'docx', 'PIL'}\n"
        "try: main()\n"
        "finally: print(sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(report)], env=levada.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "[]\n"


def test_drawing_writes_a_picture_of_each_page(levada: Command, tmp_path: Path, report: Path) -> None:
    from PIL import Image

    out = tmp_path / "out.png"
    done = levada("extract", report, "--draw", out, "--markdown")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# Water in the Hills\n"), "alone on standard output"
    names = ["out.png", "out-2.png", "out-3.png"]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(names)
    assert f"wrote {out}, {tmp_path / 'out-2.png'}, {tmp_path / 'out-3.png'} (3 pages)" in done.stderr
    for name in names:
        with Image.open(tmp_path / name) as picture:
            assert picture.width == 1190
    found = levada.json("extract", report, "--draw", tmp_path / "second.png", "--page", "2")
    assert found["drawn"] == [str(tmp_path / "second.png")]
    assert "there is no page 4" in levada.error("extract", report, "--draw", out, "--page", "4", code=1)


def test_the_boxes_are_where_the_text_is(levada: Command, tmp_path: Path, report: Path) -> None:
    from PIL import Image

    out = tmp_path / "out.png"
    found = levada.json("extract", report, "--page", "1", "--draw", out)
    assert found["without_box"] == []
    with Image.open(out) as picture:
        page = picture.convert("L").point(lambda shade: 0 if shade < 100 else 255)
        seen = picture.convert("RGB")
    colours = {"heading": (214, 39, 40), "paragraph": (31, 119, 180), "list_item": (44, 160, 44)}
    for element in found["elements"]:
        left, top, right, bottom = (round(edge * 2) for edge in element["box"])
        assert seen.getpixel((right, (top + bottom) // 2)) == colours[element["kind"]]
        inside = page.crop((left + 4, top + 4, right - 4, bottom - 4))
        assert inside.getextrema()[0] == 0, f"no letters in the box of {element['text']!r}"


def test_only_pages_can_be_drawn(levada: Command, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Text")
    said = levada.error("extract", tmp_path / "a.md", "--draw", tmp_path / "out.png", code=2)
    assert "only PDFs and pictures can be drawn, not text/markdown" in said
    assert not (tmp_path / "out.png").exists()
