"""What a file refers to is never fetched: neither in a parser process, nor where nothing but the engine itself prevents it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from tasks.extractors import _programs
from tests.tasks.extractors import make
from tests.tasks.extractors.tricks.packages import WORDS, build, relations, replaced

Read = Callable[[Path], Document | Unprocessable]
ROOT = Path(__file__).resolve().parents[4]

_PAGE = (
    '<img src="{web}/img"><img srcset="{web}/set 2x"><script src="{web}/script"></script><iframe src="{web}/frame"></iframe>'
    '<link rel="stylesheet" href="{web}/style"><style>@import "{web}/import"; p {{ background: url({web}/paint) }}</style>'
    '<object data="{web}/object"></object><embed src="{web}/embed"/><video src="{web}/video" poster="{web}/poster"></video>'
    '<base href="{web}/base/"><meta http-equiv="refresh" content="0; url={web}/refresh"><a href="{web}/link">a link</a>'
)
_DRAWING = (
    '<image xlink:href="{web}/image" href="{web}/image2"/><use xlink:href="{web}/use#a"/><style>@import "{web}/css";</style>'
)
_ODF = (
    '<text:p><draw:frame><draw:image xlink:href="{web}/image" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame>'
    '<draw:frame><draw:object xlink:href="{web}/object"/></draw:frame></text:p>'
    '<text:section text:name="s"><text:section-source xlink:href="{web}/section"/></text:section>'
)
_STYLESHEET = '<?xml-stylesheet type="text/xsl" href="{web}/style.xsl"?>'


def file(directory: Path, kind: str, web: str) -> Path:
    """A file that refers to the server in all the ways its format has."""
    if kind in ("html", "xhtml", "epub"):
        return build(directory, kind, more=_PAGE.format(web=web).replace("><", "> <"))
    if kind == "svg":
        return build(directory, kind, _STYLESHEET.format(web=web), more=_DRAWING.format(web=web))
    if kind == "xml":
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{web}/include"/>'
        return build(directory, kind, _STYLESHEET.format(web=web), more=include)
    if kind in ("odt", "fodt"):
        return build(directory, kind, more=_ODF.format(web=web))
    parts: dict[str, str | bytes]
    if kind == "docx":
        shape = '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata r:id="x0"/></v:shape>'
        body = f'<w:p><w:r><w:pict>{shape}</w:pict></w:r></w:p><w:altChunk r:id="x1"/><w:subDoc r:id="x2"/>'
        kinds = ("image", "aFChunk", "subDocument", "attachedTemplate")
        links = relations(*((link, f"{web}/{link}") for link in kinds))
        parts = {"word/settings.xml": '<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'}
        parts |= dict.fromkeys(("word/_rels/document.xml.rels", "word/_rels/settings.xml.rels"), links)
        return replaced(build(directory, kind, more=body), parts)
    if kind == "xlsx":
        rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{WORDS}</t></is></c></row>'
        rows += f'<row r="9"><c r="A9"><f>WEBSERVICE("{web}/service")</f><v>kept</v></c></row>'
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        sheet = f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'
        links = relations(("externalLinkPath", f"{web}/book"), ("image", f"{web}/image"))
        parts = {"xl/worksheets/sheet1.xml": sheet, "xl/worksheets/_rels/sheet1.xml.rels": links}
        return replaced(build(directory, kind), parts)
    path = directory / f"trick.{kind}"
    texts = {
        "md": f"{WORDS}\n\n![a picture]({web}/picture) [a link]({web}/link) <img src='{web}/tag'>\n\n[r]: {web}/reference\n",
        "eml": f"From: a@example.org\nTo: b@example.org\nSubject: s\nDate: Thu, 29 Feb 2024 10:15:00 +0000\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>{WORDS}</p>{_PAGE.format(web=web)}\n"
        f'--b\nContent-Type: message/external-body; access-type=URL; URL="{web}/body"\n\n\n--b--\n',
        "rtf": rf'{{\rtf1 {WORDS} {{\field{{\*\fldinst INCLUDEPICTURE "{web}/picture"}}{{\fldrslt x}}}}'
        rf'{{\field{{\*\fldinst INCLUDETEXT "{web}/text"}}{{\fldrslt y}}}}{{\*\template {web}/template}}}}',
        "ipynb": json.dumps(
            {
                "cells": [{"cell_type": "markdown", "metadata": {}, "source": [f"{WORDS} ![x]({web}/x)"]}],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
    }
    path.write_text(texts[kind])
    return path


@pytest.mark.parametrize(
    "kind", ["html", "xhtml", "epub", "svg", "xml", "odt", "fodt", "docx", "xlsx", "md", "eml", "rtf", "ipynb"]
)
def test_nothing_is_fetched(tmp_path: Path, read: Read, in_process: Read, server: tuple[str, list[str]], kind: str) -> None:
    web, asked = server
    path = file(tmp_path, kind, web)
    for outcome in (in_process(path), read(path)):
        assert isinstance(outcome, Document), outcome
        assert WORDS in outcome.text
        assert "FETCHED" not in outcome.text
    assert asked == []


def test_a_pdf_that_wants_to_go_places(tmp_path: Path, read: Read, in_process: Read, server: tuple[str, list[str]]) -> None:
    """Actions at opening: a script, a form that is sent, a page of another file, a program."""
    web, asked = server
    actions = (
        f"<< /S /URI /URI ({web}/uri) >>",
        f"<< /S /SubmitForm /F << /FS /URL /F ({web}/form) >> >>",
        f"<< /S /JavaScript /JS (app.launchURL\\('{web}/script'\\)) >>",
        f"<< /S /GoToR /F << /FS /URL /F ({web}/remote) >> /D [0 /Fit] >>",
        "<< /S /Launch /F (/bin/sh) >>",
    )
    for action in actions:
        path = make.report_pdf(tmp_path / "a.pdf")
        data = path.read_bytes().replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction %s" % action.encode())
        path.write_bytes(data)
        for outcome in (in_process(path), read(path)):
            assert isinstance(outcome, Document)
            assert "The last page holds one line." in outcome.text
    assert asked == []


def test_what_libreoffice_reads_is_read_without_a_network(tmp_path: Path, read: Read, server: tuple[str, list[str]]) -> None:
    """An old document whose pictures and text lie elsewhere; LibreOffice itself is told not to fetch, and cannot."""
    if not _programs.found("libreoffice"):
        pytest.skip("LibreOffice is not installed")
    web, asked = server
    page = tmp_path / "page.html"
    page.write_text(f"<p>{WORDS}</p><img src='{web}/picture'><iframe src='{web}/frame'></iframe>")
    home = (tmp_path / "home").as_uri()
    command = [
        str(_programs.found("libreoffice")),
        "--headless",
        f"-env:UserInstallation={home}",
        "--infilter=HTML (StarWriter)",
    ]
    command += ["--convert-to", "doc:MS Word 97", "--outdir", str(tmp_path / "made"), str(page)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    asked.clear()
    outcome = read(tmp_path / "made" / "page.doc")
    assert isinstance(outcome, Document), outcome
    assert WORDS in outcome.text
    assert asked == []


def test_unstructured_asks_nobody_and_starts_nothing(tmp_path: Path) -> None:
    """It would report its use, download a model, and install it, if it were left alone."""
    paths = [make.docx(tmp_path / "a.docx"), make.pptx(tmp_path / "a.pptx"), tmp_path / "a.html", tmp_path / "a.eml"]
    paths[2].write_text(f"<html><body><h1>Title</h1><p>{WORDS}</p></body></html>")
    paths[3].write_text(f"From: a@example.org\nTo: b@example.org\nSubject: s\nMessage-ID: <1@example.org>\n\n{WORDS}\n")
    script = (
        "import sys\n"
        "seen = []\n"
        "watched = ('socket.connect', 'socket.getaddrinfo', 'subprocess.Popen', 'os.system', 'os.exec', 'os.posix_spawn')\n"
        # ctypes asks these for the place of a library.
        "finders = ('ldconfig', 'gcc', 'ld', 'objdump', 'cc')\n"
        "def hook(event, arguments):\n"
        "    if event in watched and str(arguments[0]).rpartition('/')[2] not in finders:\n"
        "        seen.append((event, str(arguments[0])))\n"
        "sys.addaudithook(hook)\n"
        "from tasks.extractors.base import Reading\n"
        "from tasks.extractors.read import read_document\n"
        "for path in sys.argv[1:]:\n"
        "    document = read_document(path, path, Reading(engine='unstructured'))\n"
        "    print(bool(document.elements), seen, 'spacy' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["True [] False"] * len(paths), done.stderr
