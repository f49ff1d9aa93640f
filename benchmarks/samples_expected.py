"""Which files of ../shared/data/samples hold text, by another judge than Levada: writes benchmarks/samples_expected.tsv.

    python -m benchmarks.samples_expected

A file has text if pandoc's own tests say what it means (a `.native` file of its name beside it) or if LibreOffice, by its own
filters, makes text of it. Such a file is expected to be published; others are not listed, as LibreOffice passes over text, too.
Not listed either is a Word document whose every word is deleted, with the change tracked: LibreOffice writes out what a reader
of the document is not to see, and Levada reads documents as if all changes were accepted.
Takes some minutes; needs LibreOffice (the list here: 7.4) and pdftotext. Levada reads none of these files for it.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "samples"
EXPECTED = Path(__file__).with_suffix(".tsv")

TEXT = "txt:Text (encoded):UTF8"
SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
PAGES = "pdf"
TARGETS = {
    TEXT: "doc docx docm dot dotx odt ott rtf fb2 html htm xhtml wpd wps wri sxw",
    SHEETS: "xls xlsx xlsm xlsb xlt xltx ods ots sxc",
    PAGES: "ppt pptx pptm pot potx pps ppsx odp otp sxi odg pub vsd vsdx",
}
BATCH = 25
LETTER = re.compile(r"[^\W_]")
STORY = "word/document.xml"
WORDS = re.compile(rb"<w:t(?: [^>]*)?>([^<]*)")
DELETED = re.compile(rb"<w:(del|moveFrom) [^>]*[^/]>.*?</w:\1>", re.DOTALL)
GARBAGE = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")


def main() -> None:
    """Write the list."""
    found = {path for path in SAMPLES.rglob("*") if path.is_file() and _has_truth(path)}
    for target, suffixes in TARGETS.items():
        wanted = frozenset(f".{suffix}" for suffix in suffixes.split())
        files = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix.lower() in wanted)
        for path, text in _texts(files, target).items():
            # What LibreOffice does not know it takes for plain text.
            if LETTER.search(text) and len(GARBAGE.findall(text)) * 50 <= len(text) and not _is_deleted(path):
                found.add(path)
    lines = [f"{path.relative_to(SAMPLES).as_posix()}\tpublished" for path in sorted(found)]
    EXPECTED.write_text("\n".join(["path\texpected", *lines]) + "\n", encoding="utf-8")
    print(f"{len(lines)} files with text")


def _has_truth(path: Path) -> bool:
    return path.suffix != ".native" and path.with_suffix(".native").is_file()


def _is_deleted(path: Path) -> bool:
    """True for a docx that holds nothing but text that is deleted or moved away."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        story = archive.read(STORY) if STORY in archive.namelist() else b""
    left, count = DELETED.subn(b"", story)
    return count > 0 and not any(LETTER.search(text.decode()) for text in WORDS.findall(left))


def _texts(files: list[Path], target: str) -> dict[Path, str]:
    """What LibreOffice makes of each; without those that it does not open."""
    texts: dict[Path, str] = {}
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        texts |= _converted(batch, target)
        for path in batch:  # one that it dies of costs the others nothing
            if path not in texts:
                texts |= _converted([path], target)
    return texts


def _converted(files: list[Path], target: str) -> dict[Path, str]:
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        links = {room / f"{number}{path.suffix}": path for number, path in enumerate(files)}
        for link, path in links.items():
            link.symlink_to(path)
        command = ["soffice", "--headless", f"-env:UserInstallation={(room / 'profile').as_uri()}", "--convert-to", target]
        try:
            subprocess.run([*command, "--outdir", room / "made", *links], capture_output=True, timeout=60 * BATCH, check=False)
        except subprocess.TimeoutExpired:
            return {}
        found = {}
        for link, path in links.items():
            made = sorted((room / "made").glob(f"{link.stem}[.-]*"))
            if made:
                found[path] = "\n".join(map(_text, made))
        return found


def _text(path: Path) -> str:
    if path.suffix != ".pdf":
        return path.read_text(encoding="utf-8-sig", errors="replace")
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout.decode("utf-8", "replace")


if __name__ == "__main__":
    main()
