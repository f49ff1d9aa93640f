"""What a file is, by its content. Its name only tells text formats apart, which bytes alone do not."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from core.errors import Unprocessable
from tasks.extractors._archives import tar_archive
from tasks.extractors._ole import container
from tasks.extractors._types.suffixes import EML, MBOX, PLAIN, text_suffix
from tasks.extractors._types.text import MAIL_HEADER, is_text, text_type

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OCTET_STREAM = "application/octet-stream"
OLE = "application/x-ole-storage"
"""A container of streams that say nothing known of what it holds."""
OLE_ENCRYPTED = "application/x-ole-encrypted-package"
"""An Office Open XML file under a password: an OLE container around ciphertext."""
PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
TAR = "application/x-tar"
TNEF = "application/ms-tnef"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"

_HEAD = 64 * 1024
_TAIL = 2 * 1024
_ISO = 0x8001
"""Where the first volume descriptor of a disc says what it is (ECMA-119 8.1)."""

_TNEF_MAGIC = b"x\x9f>\x22"
_MAGIC = (
    (b"{\\rtf", "application/rtf"),
    (b"\xdb\xa5\x2d\x00", "application/msword"),  # Word 2
    (b"\xffWPC", "application/vnd.wordperfect"),
    (b"\x31\xbe\x00\x00\x00\xab", "application/x-mswrite"),
    (b"\x32\xbe\x00\x00\x00\xab", "application/x-mswrite"),
    (b"\xfe\x32\x00\x00", "application/msword-old"),  # Word 1 to 5 for the Macintosh
    (b"\xfe\x34\x00\x00", "application/msword-old"),
    (b"\xfe\x37\x00", "application/msword-old"),
    (b"\x9b\xa5\x21\x00", "application/msword-old"),  # Word 1
    (b"\x09\x00\x04\x00", "application/vnd.ms-excel"),  # Excel 2 to 4: a worksheet without a container
    (b"\x09\x02\x06\x00", "application/vnd.ms-excel"),
    (b"\x09\x04\x06\x00", "application/vnd.ms-excel"),
    (b"\x09\x08\x08\x00\x00\x05", "application/vnd.ms-excel"),  # Excel 5
    (b"\x00\x00\x02\x00\x04\x04", "application/vnd.lotus-1-2-3"),
    (b"\x00\x00\x02\x00\x06\x04", "application/vnd.lotus-1-2-3"),
    (b"\x00\x00\x1a\x00", "application/vnd.lotus-1-2-3"),
    (b"\x0b\xad\xde\xad", "application/x-mspowerpoint-old"),
    (b"\xed\xde\xad\x0b", "application/x-mspowerpoint-old"),
    (b"AC1", "image/vnd.dwg"),
    (b"ITSF\x03\x00", "application/vnd.ms-htmlhelp"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"%!PS", "application/postscript"),
    (b"!<arch>\n", "application/x-archive"),
    (b"ID3", "audio/mpeg"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
    (b"\x1f\x9d", "application/x-compress"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
    (b"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"),
    (b"\x60\xea", "application/x-arj"),
    (b"KDMV", "application/x-vmdk"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xfa", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-msdownload"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
)
_ALL_MAGIC = tuple(magic for magic, _ in _MAGIC)
_TEXTUAL_MAGIC = frozenset({"application/rtf", "application/postscript", "application/x-archive"})
_FTYP = {
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

# The main part's content type in [Content_Types].xml says what an Office Open XML package is.
_OOXML_MAIN = (
    (b"wordprocessingml", DOCX),
    (b"ms-word.document.macroEnabled", DOCX),
    (b"presentationml", PPTX),
    (b"ms-powerpoint.presentation.macroEnabled", PPTX),
    (b"ms-powerpoint.slideshow.macroEnabled", PPTX),
    (b"spreadsheetml", XLSX),
    (b"ms-excel.sheet.macroEnabled", XLSX),
    (b"ms-excel.sheet.binary", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    (b"ms-visio", "application/vnd.ms-visio.drawing"),
)
_MAIN_PART = re.compile(rb'ContentType="([^"]*\.main\+xml|[^"]*ms-excel\.sheet\.binary[^"]*)"')

# Directory entry names of a damaged OLE compound file, which are UTF-16.
_OLE_STREAMS = (
    ("EncryptedPackage", OLE_ENCRYPTED),
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("__substg1.0_", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
    ("Quill", "application/x-mspublisher"),
)
MAILBOX_START = re.compile(rb"From [^\r\n]{0,500}\d\d?:\d\d[^\r\n]{0,100}\r?\n")
"""The line before a message in a mailbox: sender and time."""
_NEXT_MAIL = re.compile(rb"\n\r?\n" + MAILBOX_START.pattern)


def media_type(path: str, name: str) -> str:
    """The media type of the file at `path`; `name` is its original name, which `path` need not keep.

    Reads at most the head, the tail and a container's directory. OCTET_STREAM for what is neither text nor known.
    Raises OSError if the file cannot be read.
    """
    with Path(path).open("rb") as file:
        return media_type_in(file, name)


def media_type_in(file: BinaryIO, name: str) -> str:
    """The same of an open file that is read from its start."""
    head = file.read(_HEAD)
    suffix = text_suffix(name)
    if head[:1] == b"<" and suffix != ".pdf" and head[257:262] != b"ustar" and is_text(head):  # no magic begins so
        return text_type(head, suffix, len(head) < _HEAD, is_known=True) or OCTET_STREAM
    found = _by_magic(file, head, suffix) or text_type(head, suffix, len(head) < _HEAD) or OCTET_STREAM
    return MBOX if found in (EML, PLAIN) and _is_mailbox(file, head) else found


def _by_magic(file: BinaryIO, head: bytes, suffix: str) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_type(file)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_type(file)
    if _is_tar(head, suffix):  # its first file may be a PDF, as may that of the next
        return TAR
    if head.startswith(_TNEF_MAGIC):
        return TNEF
    if _is_pdf(file, head, suffix):
        return PDF
    if head[_ISO : _ISO + 5] == b"CD001":
        return "application/x-iso9660-image"
    if head[4:8] == b"ftyp" and not is_text(head):
        return _FTYP.get(head[8:12], "video/mp4")
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    for magic, found in _MAGIC if head.startswith(_ALL_MAGIC) else ():
        # "BM" or "MZ" may begin a sentence: a short magic counts only over bytes that are no text.
        if head.startswith(magic) and (found in _TEXTUAL_MAGIC or not is_text(head)):
            return found
    return None


def _is_tar(head: bytes, suffix: str) -> bool:
    """True by magic or check sum; one whose first header is damaged by its name and the numbers in it."""
    if len(head) < tar_archive.BLOCK:
        return False
    if head[257:262] == b"ustar":
        return True
    looks_like_it = suffix == ".tar" and all(part.strip(b" \x00").isdigit() for part in (head[100:108], head[124:136]))
    return (tar_archive.is_header(head) or looks_like_it) and not is_text(head)


def _is_pdf(file: BinaryIO, head: bytes, suffix: str) -> bool:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n\x00").startswith(b"%PDF"):
        return True
    # Junk before the header and damage in it are common, but prose may quote both: then name or binary content decides.
    if b"%PDF-" in head[:1024]:
        return suffix == ".pdf" or not is_text(head)
    if suffix != ".pdf":
        return False
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - _TAIL))
    tail = file.read()
    return b"startxref" in tail and b" obj" in head


def _zip_type(file: BinaryIO) -> str:
    """An OOXML or OpenDocument type, EPUB, or plain zip. A damaged zip is a zip still: its engine says what is wrong."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                return _ooxml_type(archive, names)
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    declared = member.read(100).decode("ascii", "replace").strip()
                return declared if re.fullmatch(r"[a-z]+/[\w.+-]+", declared) else ZIP
            return _package_type(names)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError, zlib.error):
        return _damaged_zip_type(file)


def _package_type(names: set[str]) -> str:
    """Plain zip, unless it is a package of which nobody would read the parts: programs, Apple's documents."""
    if "AndroidManifest.xml" in names:
        return "application/vnd.android.package-archive"
    if "META-INF/MANIFEST.MF" in names and any(name.endswith(".class") for name in names):
        return "application/java-archive"
    if "Index/Document.iwa" in names or "Index.zip" in names or names & {"index.apxl", "index.apxl.gz"}:
        return "application/x-iwork-document"
    return ZIP


def _ooxml_type(archive: zipfile.ZipFile, names: set[str]) -> str:
    with archive.open("[Content_Types].xml") as member:
        types = member.read(1 << 20)
    main = b" ".join(_MAIN_PART.findall(types))
    for marker, found in _OOXML_MAIN:
        if marker in main:
            return found
    for part, found in (("word/document.xml", DOCX), ("ppt/presentation.xml", PPTX), ("xl/workbook.xml", XLSX)):
        if part in names:
            return found
    return ZIP


def _damaged_zip_type(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(_HEAD)
    for folder, found in ((b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX)):
        if folder in head:
            return found
    return ZIP


def _ole_type(file: BinaryIO) -> str:
    try:
        return container.kind(container.names(file)) or OLE
    except Unprocessable:
        return _damaged_ole_type(file)


def _damaged_ole_type(file: BinaryIO) -> str:
    # The directory may lie anywhere, in sectors of 512 or 4096 bytes; its names are found by a scan, bounded to 64 MiB.
    file.seek(0)
    entries = [(name.lower().encode("utf-16-le"), found) for name, found in _OLE_STREAMS]
    seen: set[str] = set()
    overlap = b""
    for _ in range(64):
        block = file.read(1 << 20)
        if not block:
            break
        window = (overlap + block).lower()
        seen.update(found for needle, found in entries if needle in window)
        overlap = block[-64:]
    return next((found for _, found in entries if found in seen), OLE)


def _is_mailbox(file: BinaryIO, head: bytes) -> bool:
    """True if it begins as a mailbox does and more than one message follows, within 64 MiB."""
    if not MAILBOX_START.match(head) or not MAIL_HEADER.search(head, head.index(b"\n"), head.index(b"\n") + 1000):
        return False
    file.seek(0)
    overlap = b""
    for _ in range(64):
        block = file.read(1 << 20)
        if not block:
            break
        if _NEXT_MAIL.search(overlap + block):
            return True
        overlap = block[-1000:]
    return False
