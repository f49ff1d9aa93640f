"""Names and links in archives that lead elsewhere: nothing is written outside, and nothing of ours is read."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable

Read = Callable[[Path], Document | Unprocessable]

NAMES = (
    "../../evil", "/tmp/evil", "a/../../evil", "..\\..\\evil", "C:\\evil", "\\\\host\\share\\evil", "a\x00b",
    "./.././evil", "~/evil",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["zip", "tar", "eml"])
def test_names_that_lead_out(tmp_path: Path, read: Read, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in NAMES:
                archive.writestr(zipfile.ZipInfo(name), f"content of {name!r}")
    elif kind == "tar":
        with tarfile.open(path, "w") as tar:
            for name in NAMES:
                info = tarfile.TarInfo(name)
                info.size = 4
                tar.addfile(info, io.BytesIO(b"evil"))
    else:
        named = (name for name in NAMES if "\x00" not in name)
        parts = "".join(f'--b\nContent-Disposition: attachment; filename="{name}"\n\nevil\n' for name in named)
        head = "From: a@example.org\nTo: b@example.org\nSubject: s\nMIME-Version: 1.0\n"
        head += "Content-Type: multipart/mixed; boundary=b\n"
        path.write_text(f"{head}\n{parts}--b--\n")
    outcome = read(path)
    assert isinstance(outcome, Document), outcome
    assert len(outcome.members) >= len(NAMES) - 1
    roots = {Path(member.path).parent for member in outcome.members}
    assert len(roots) == 1, "all in one private directory"
    names = [member.name for member in outcome.members]
    assert len(set(names)) == len(names)
    for name in names:
        parts_of = name.split("/")
        assert not name.startswith("/")
        assert not {"..", ".", ""} & set(parts_of)
        assert "\\" not in name
        assert name.isprintable()
    assert not Path("/tmp/evil").exists()
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "secret.txt"])
def test_links_and_devices(tmp_path: Path, read: Read, target: str) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"link-{kind.decode()}")
            info.type, info.linkname = kind, target
            tar.addfile(info)
        # A file that is to be written through the first link.
        info = tarfile.TarInfo("link-2/through")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    _only_own_bytes(read(path))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, target)
        archive.writestr("link.txt/through", "evil")
    _only_own_bytes(read(path))


def _only_own_bytes(outcome: Document | Unprocessable) -> None:
    members = outcome.members if isinstance(outcome, Document) else ()
    for member in members:
        path = Path(member.path)
        assert path.is_file() and not path.is_symlink()
        assert path.read_bytes() == b"evil"


def test_a_document_that_is_a_link(tmp_path: Path, read: Read) -> None:
    """A snapshot never is one; whoever gives a link gets what it leads to, and no link is written."""
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    outcome = read(tmp_path / "b.txt")
    assert isinstance(outcome, Document)
    (tmp_path / "c.txt").symlink_to(tmp_path / "c.txt")
    assert isinstance(read(tmp_path / "a.txt"), Document)
