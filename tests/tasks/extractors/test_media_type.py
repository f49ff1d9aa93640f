"""Types by content; names only where the bytes leave it open."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from tasks.extractors import media_type as types
from tasks.extractors._types import suffixes as texts
from tasks.extractors.media_type import media_type
from tests.tasks.extractors import make


def typed(tmp_path: Path, data: bytes, name: str) -> str:
    path = tmp_path / "snapshot"
    path.write_bytes(data)
    return media_type(str(path), name)


def ole(*streams: str) -> bytes:
    """The header of a compound file, and directory entries somewhere behind it."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000) + b"\0\0".join(name.encode("utf-16-le") for name in streams)


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"plain words", "notes.txt", texts.PLAIN),
        (b"plain words", "notes", texts.PLAIN),
        (b"plain words", "notes.md", texts.MARKDOWN),
        (b"plain words", "NOTES.MD", texts.MARKDOWN),
        (b"plain words", "a\nb\udcff.md", texts.MARKDOWN),
        (b"a,b\n1,2\n", "t.csv", texts.CSV),
        (b"a\tb\n1\t2\n", "t.tsv", texts.TSV),
        (b"print('x')", "x.py", texts.SOURCE),
        (b"all:\n\tmake -C src\n", "Makefile", texts.SOURCE),
        (b"#!/bin/sh\nexit 0\n", "run", texts.SOURCE),
        (b'{"a": [1, 2]}', "answer", texts.JSON),
        (b'{"a": [1, 2]}', "answer.txt", texts.JSON),
        (b'[{"a": "' + b"x" * 70_000 + b'"}]', "answer", texts.JSON),
        (b'{"a": 1}\n{"a": 2}\n', "answers", texts.JSON_LINES),
        (b'{"cells": [], "nbformat": 4}', "x", texts.NOTEBOOK),
        (b"{curly} words", "notes", texts.PLAIN),
        (b"[1] a reference\n[2] another\n", "notes.txt", texts.PLAIN),
        (b"<catalog><book>Gates</book></catalog>", "x", texts.XML),
        (b"<svg xmlns='x'><text>a</text></svg>", "x", texts.SVG),
        (b"<p>a fragment</p>", "saved.pdf", texts.HTML),
        (b"<placeholder> is a word in brackets", "notes", texts.PLAIN),
        (b"a,b,c\n" * 6, "export", texts.CSV),
        (b"a\tb\tc\n" * 6, "export.txt", texts.TSV),
        (b"one, two, three\n" * 6, "poem", texts.PLAIN),
        (b"one,two,three\n" * 6, "poem.txt", texts.PLAIN),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nwords", "x.txt", texts.VTT),
        (b"\xef\xbb\xbf1\r\n00:00:01,000 --> 00:00:02,000\r\nwords", "x.txt", texts.SRT),
        (b"From: <Saved by Blink>\nSubject: x\nMIME-Version: 1.0\nDate: y\n\n", "page", texts.MHTML),
        ("물길은 산비탈을 따라".encode("iso2022_kr"), "a.txt", texts.PLAIN),
        ("Вода течёт вдоль склона".encode("utf-16-be"), "a.txt", texts.PLAIN),
        (b"<!DOCTYPE html><p>x</p>", "page.txt", texts.HTML),
        (b"\xef\xbb\xbf  <HTML><body>x", "page.pdf", texts.HTML),
        (b"<!-- saved page -->\n<html><body>x", "page", texts.HTML),
        (b"<p>only a fragment</p>", "page.html", texts.HTML),
        (b"<p align=center>logo</p>\n# Title", "README.md", texts.MARKDOWN),
        (b"how to write <html> in prose", "notes.txt", texts.PLAIN),
        (b'<?xml version="1.0"?><a/>', "a.txt", "application/xml"),
        (b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"/>', "a.xhtml", texts.HTML),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "a.xml", "image/svg+xml"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"{\\rtf1\\ansi words}", "a.doc", "application/rtf"),
        (b"%PDF-1.4\n\x80\x81", "a.bin", types.PDF),
        (b"junk line\n%PDF-1.4\n", "a.pdf", types.PDF),
        (b"a text about %PDF-1.4", "a.txt", texts.PLAIN),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.md", "image/png"),
        (b"BM is how this sentence begins", "a.txt", texts.PLAIN),
        (b"BM\x00\x01\x02\x03\x04\x05", "a.txt", "image/bmp"),
        (b"a line of the log\n" * 200 + b"\x00" + b"another line\n" * 200, "a.log", texts.PLAIN),
        (("uma linha, ação\n" * 200 + "\x00").encode(), "a.md", texts.MARKDOWN),
        (b"a few words\r\n\x1a", "a.md", texts.MARKDOWN),
        (b"a few\x0c words\x02 more\x1a", "a.txt", texts.PLAIN),
        (b"a few\x01 words\x02", "a.txt", types.OCTET_STREAM),
        ("uma ação\x00".encode(), "a.csv", texts.CSV),
        (b"a few words" + b"\x00" * 50, "a.txt", types.OCTET_STREAM),
        (b"BM" + b"\x36\x00\x00\x00" * 10 + b"\xff" * 20_000, "a.txt", "image/bmp"),
        (b"\x01\x00\x00\x00" * 10 + b"\xff" * 20_000, "a.txt", types.OCTET_STREAM),
        (b"The ftyp box names the brand of a file", "a.txt", texts.PLAIN),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "a.txt", "video/mp4"),
        (b"x" * 256 + b" ustar is what stands in a tar archive", "a.txt", texts.PLAIN),
        (
            b"name" + b"\x00" * 253 + b"ustar\x0000" + b"\x00" * 247 + b"words of a member\n" * 4000,
            "a.txt",
            "application/x-tar",
        ),
        (gzip.compress(b"x" * 99, mtime=0), "a.txt", "application/gzip"),
        (bytes(range(256)) * 4, "a.txt", types.OCTET_STREAM),
        (bytes(range(256)) * 4, "a.md", types.OCTET_STREAM),
        ("Olá ação".encode("utf-16"), "a.txt", texts.PLAIN),
        ("Plain words, no mark".encode("utf-16-le"), "a.md", texts.MARKDOWN),
        ("Olá ação, café".encode("cp1252"), "a.txt", texts.PLAIN),
        (make.EML.encode(), "a.eml", texts.EML),
        (make.EML.encode(), "a.txt", texts.EML),
        (b"From: me\nSubject: a poem\n\nwords", "a.txt", texts.PLAIN),
        (b"From: me\nSubject: a poem\n\nwords", "a.eml", texts.EML),
        (make.EML.encode(), "about-mail.md", texts.MARKDOWN),
        (b"---\ntitle: Types\n---\n\n## Guessing\n\n```{r}\nlibrary(readxl)\n```\n", "types.Rmd", texts.MARKDOWN),
        (ole("WordDocument"), "a.doc", "application/msword"),
        (ole("WORKBOOK"), "a.xls", "application/vnd.ms-excel"),
        (ole("EncryptionInfo", "EncryptedPackage"), "a.docx", types.OLE_ENCRYPTED),
        (b"PK\x03\x04 and then nonsense", "a.docx", types.ZIP),
    ],
)
def test_type_of_bytes(tmp_path: Path, data: bytes, name: str, expected: str) -> None:
    assert typed(tmp_path, data, name) == expected


def test_office_files_are_told_apart_by_their_parts(tmp_path: Path) -> None:
    assert media_type(str(make.docx(tmp_path / "a")), "a.xlsx") == types.DOCX
    assert media_type(str(make.pptx(tmp_path / "b")), "b.zip") == types.PPTX
    assert media_type(str(make.xlsx(tmp_path / "c")), "c") == types.XLSX


def test_other_zips(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert media_type(str(path), "a.odt") == "application/vnd.oasis.opendocument.text"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "not a type at all")
    assert media_type(str(path), "a.zip") == types.ZIP


def test_an_office_file_cut_off_is_still_one(tmp_path: Path) -> None:
    data = make.docx(tmp_path / "a").read_bytes()
    assert typed(tmp_path, data[:-400], "a.docx") == types.DOCX


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        media_type(str(tmp_path / "none"), "none.txt")


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"\xdb\xa5\x2d\x00", "application/msword"),
        (b"\xfe\x37\x00\x1c", "application/msword-old"),
        (b"\xffWPC\x10\x00", "application/vnd.wordperfect"),
        (b"\x31\xbe\x00\x00\x00\xab", "application/x-mswrite"),
        (b"\x09\x04\x06\x00\x00\x04", "application/vnd.ms-excel"),
        (b"\x00\x00\x02\x00\x06\x04", "application/vnd.lotus-1-2-3"),
        (b"\x0b\xad\xde\xad", "application/x-mspowerpoint-old"),
        (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
        (b"\x00\x00\x00\x20ftypavif", "image/avif"),
        (b"\x00\x00\x00\x20ftypheic", "image/heic"),
        (b"\xff\xfb\x90\x44", "audio/mpeg"),
        (bytes(0x8001) + b"CD001", "application/x-iso9660-image"),
    ],
)
def test_old_and_unread_formats_are_known(tmp_path: Path, start: bytes, found: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(start + bytes(range(256)) * 2)
    assert media_type(str(path), "a") == found


def test_a_page_that_transport_has_damaged_is_one_by_name_and_beginning(tmp_path: Path) -> None:
    page = b"<HTML><BODY>" + b"<P>Good morning, Luis.</P>" * 20 + b"\x00\x80\xc2\x07" * 5 + b"</BODY></HTML>"
    assert typed(tmp_path, page, "a.html") == "text/html"
    assert typed(tmp_path, page, "a.bin") == "application/octet-stream"
    assert typed(tmp_path, page + b"\x00\x80\xc2\x07" * 50, "a.html") == "application/octet-stream"
