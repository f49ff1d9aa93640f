"""Archives, and the tricks that are played with them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from core.reasons import Reason
from tasks.extractors.archive import ArchiveExtractor
from tasks.extractors.base import Reading
from tasks.extractors.media_type import media_type
from tasks.extractors.read import read_document
from tests.contracts.extractors import ExtractorContract
from tests.tasks.extractors.test_zip import overlapping, zipped

ARCHIVES = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "hostile" / "archives"
WORDS = b"Water flows by its weight alone.\n" * 40
INSIDE: dict[str, bytes] = {"levada/wall.txt": WORDS, "levada/\u00e1gua.md": b"# Wall", "empty.txt": b""}


def tarred(path: Path, mode: str = "w", style: int = tarfile.PAX_FORMAT, files: dict[str, bytes] = INSIDE) -> Path:
    with tarfile.open(str(path), mode, format=style) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(members=str(tmp_path_factory.mktemp("members")))


def inside(document: Document) -> dict[str, bytes]:
    return {member.name: Path(member.path).read_bytes() for member in document.members}


def refusal(path: Path, reading: Reading) -> Unprocessable:
    assert reading.members is not None
    before = set(Path(reading.members).iterdir())
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name, reading)
    assert set(Path(reading.members).iterdir()) == before, "nothing stays of what was unpacked"
    return caught.value


class TestZip(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> ArchiveExtractor:
        return ArchiveExtractor()

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return zipped(tmp_path / "a.zip", **INSIDE)


class TestTarGz(TestZip):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return tarred(tmp_path / "a.tgz", "w:gz")


class TestTar(TestZip):
    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return tarred(tmp_path / "a.tar", style=tarfile.GNU_FORMAT)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "a.zip": lambda path: zipped(path, **INSIDE),
    "v7.tar": lambda path: tarred(path, style=tarfile.USTAR_FORMAT),
    "gnu.tar": lambda path: tarred(path, style=tarfile.GNU_FORMAT),
    "pax.tar": tarred,
    "a.tar.gz": lambda path: tarred(path, "w:gz"),
    "a.tar.bz2": lambda path: tarred(path, "w:bz2"),
    "a.tar.xz": lambda path: tarred(path, "w:xz"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_file_is_handed_over(tmp_path: Path, reading: Reading, name: str) -> None:
    document = read_document(str(MAKERS[name](tmp_path / name)), name, reading)
    assert inside(document) == INSIDE
    assert list(inside(document)) == list(INSIDE)
    assert (document.elements, document.warnings) == ((), ())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_of_zip(tmp_path: Path, reading: Reading, method: int) -> None:
    large = bytes(range(256)) * 4_000
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("large.bin", large)
        with archive.open("after.txt", "w", force_zip64=True) as member:
            member.write(WORDS)
    assert inside(read_document(str(tmp_path / "a.zip"), "a.zip", reading)) == {"large.bin": large, "after.txt": WORDS}


def test_when_nobody_wants_them_they_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", **INSIDE)
    with pytest.raises(Unprocessable) as caught:
        read_document(str(path), path.name)
    assert caught.value.reason is Reason.EMPTY
    assert "levada/wall.txt, levada/água.md, empty.txt" in caught.value.detail


@pytest.mark.parametrize(
    ("name", "data", "member"),
    [
        ("flow.csv.gz", gzip.compress(WORDS), "flow.csv"),
        ("flow.csv.bz2", bz2.compress(WORDS), "flow.csv"),
        ("flow.csv.xz", lzma.compress(WORDS), "flow.csv"),
        ("snapshot", bz2.compress(WORDS), "content"),
        ("x.gz", b"\x1f\x8b\x08\x08\0\0\0\0\0\xff../\xe9t\xe9.txt\0" + gzip.compress(WORDS)[10:], "été.txt"),
        ("two.gz", gzip.compress(WORDS[:50]) + gzip.compress(WORDS[50:]), "two"),
        ("padded.gz", gzip.compress(WORDS) + b"\0" * 50, "padded"),
        ("followed.gz", gzip.compress(WORDS) + b"junk", "followed"),
    ],
)
def test_a_compressed_file_is_its_one_member(tmp_path: Path, reading: Reading, name: str, data: bytes, member: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert inside(read_document(str(path), name, reading)) == {member: WORDS}


def test_names_lead_nowhere(tmp_path: Path, reading: Reading) -> None:
    bad = {"../../up.txt": b"a", "/root.txt": b"b", "C:\\win\\c.txt": b"c", "a/../b.txt": b"d", "new\nline.txt": b"e"}
    for path in (zipped(tmp_path / "a.zip", **bad), tarred(tmp_path / "a.tar", files=bad)):
        found = inside(read_document(str(path), path.name, reading))
        assert found == {"up.txt": b"a", "root.txt": b"b", "win/c.txt": b"c", "a/b.txt": b"d", "new\\nline.txt": b"e"}


def test_zip_names_of_unsaid_encodings(tmp_path: Path, reading: Reading) -> None:
    path = zipped(tmp_path / "a.zip", xxxxxxxxxx=b"a")
    path.write_bytes(path.read_bytes().replace(b"x" * 10, "日本語の".encode("cp932") + b".a"))
    assert list(inside(read_document(str(path), path.name, reading))) == ["日本語の.a"]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("água.txt", b"a")  # said to be UTF-8, and then made wrong
    path.write_bytes(path.read_bytes().replace("água".encode(), b"\xff\xfegua"))
    assert list(inside(read_document(str(path), path.name, reading))) == ["\\xff\\xfegua.txt"]


def test_only_files_come_out_of_a_tar(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for kind, target in (
            (tarfile.SYMTYPE, "/etc/passwd"),
            (tarfile.LNKTYPE, "../../etc/passwd"),
            (tarfile.CHRTYPE, ""),
            (tarfile.FIFOTYPE, ""),
            (tarfile.DIRTYPE, ""),
        ):
            member = tarfile.TarInfo("link")
            member.type, member.linkname = kind, target
            archive.addfile(member)
        member = tarfile.TarInfo("link/wall.txt")
        member.size = len(WORDS)
        archive.addfile(member, io.BytesIO(WORDS))
    document = read_document(str(path), path.name, reading)
    assert inside(document) == {"link/wall.txt": WORDS}
    assert document.warnings == ("links and devices left out: 4",)


def test_a_symbolic_link_in_a_zip_is_no_file(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("passwd")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("wall.txt", WORDS)
    document = read_document(str(path), path.name, reading)
    assert inside(document) == {"wall.txt": WORDS}
    assert document.warnings == ("links and devices left out: 1",)


def test_clutter_is_left_out(tmp_path: Path, reading: Reading) -> None:
    clutter = {"__MACOSX/._wall.txt": b"x", "a/.DS_Store": b"x", "Thumbs.db": b"x", ".git/config": b"x"}
    for path in (
        zipped(tmp_path / "a.zip", **clutter, a=b"words"),
        tarred(tmp_path / "a.tar", files=clutter | {"a": b"words"}),
    ):
        assert inside(read_document(str(path), path.name, reading)) == {"a": b"words"}
    assert refusal(zipped(tmp_path / "a.zip", **clutter), reading).reason is Reason.EMPTY


@pytest.mark.parametrize(
    "style",
    [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, pytest.param(tarfile.USTAR_FORMAT, id="ustar")],
    ids=["gnu", "pax", "ustar"],
)
def test_long_names_in_a_tar(tmp_path: Path, reading: Reading, style: int) -> None:
    name = "d" * 90 + "/" + "f" * 90 + ".txt"
    path = tarred(tmp_path / "a.tar", style=style, files={name: WORDS, "short": b"x"})
    assert inside(read_document(str(path), path.name, reading)) == {name: WORDS, "short": b"x"}


def header(name: bytes, size: int, kind: bytes = b"0", sparse: bytes = b"", real: int = 0) -> bytes:
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    block[124:136] = b"%011o\0" % size if size >= 0 else b"\xff" * 12
    block[156:157] = kind
    block[257:265] = b"ustar  \0" if kind == b"S" else b"ustar\00000"
    if sparse:
        block[386 : 386 + len(sparse)] = sparse
        block[483:495] = b"%011o\0" % real
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n"
    length = len(body) + 2
    return f"{length + (length > 99)}{body}".encode() if length < 1_000 else b""


SPARSE_BODY = b"A" * 512 + b"B" * 512
SPARSE_FILE = bytes(1_024) + b"A" * 512 + bytes(2_048) + b"B" * 512 + bytes(100)
MAP = "1024,512,3584,512"
NEW_MAP = padded(b"2\n1024\n512\n3584\n512\n")


@pytest.mark.parametrize(
    "data",
    [
        header(b"s", 1_024, b"S", b"%011o\0%011o\0%011o\0%011o\0" % (1_024, 512, 3_584, 512), 4_196) + SPARSE_BODY,
        header(b"p", 0, b"x")[:0]
        + header(b"p", len(r := record("GNU.sparse.map", MAP) + record("GNU.sparse.size", "4196")), b"x")
        + padded(r)
        + header(b"s", 1_024)
        + SPARSE_BODY,
        header(
            b"p",
            len(
                r := b"".join(
                    record(f"GNU.sparse.{key}", value)
                    for key, value in (("major", "1"), ("minor", "0"), ("name", "s"), ("realsize", "4196"))
                )
            ),
            b"x",
        )
        + padded(r)
        + header(b"GNUSparseFile.0/s", 1_536)
        + NEW_MAP
        + SPARSE_BODY,
    ],
    ids=["old", "0.1", "1.0"],
)
def test_the_holes_of_a_sparse_file_are_filled(tmp_path: Path, reading: Reading, data: bytes) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(data + header(b"after", 1) + padded(b"x") + bytes(1_024))
    assert inside(read_document(str(path), path.name, reading)) == {"s": SPARSE_FILE, "after": b"x"}


def test_a_sparse_file_that_is_all_hole(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(header(b"s", 0, b"S", b"%011o\0%011o\0" % (8**11 - 1, 0), 8**11 - 1) + bytes(1_024))
    assert refusal(path, reading).reason is Reason.BOMB


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_what_is_whole_of_an_archive_that_is_cut_off(tmp_path: Path, reading: Reading, name: str) -> None:
    noise = {f"{number}.bin": bytes((number * 7 + place * place) % 251 for place in range(9_000)) for number in range(5)}
    path = (
        zipped(tmp_path / name, **noise)
        if name == "a.zip"
        else tarred(tmp_path / name, "w:gz" if "gz" in name else "w", files=noise)
    )
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.7)])
    document = read_document(str(path), path.name, reading)
    found = inside(document)
    assert 2 <= len(found) < 5
    assert found.items() <= noise.items()
    assert document.warnings
    assert "damaged or cut off" in document.warnings[0]


def test_a_zip_written_as_a_stream_and_cut_off(tmp_path: Path, reading: Reading) -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.txt", WORDS)
    path = tmp_path / "a.zip"
    path.write_bytes(pipe.data[: pipe.data.index(b"PK\1\2")])
    assert inside(read_document(str(path), path.name, reading)) == {f"{number}.txt": WORDS for number in range(3)}


def test_damage_in_the_middle_costs_what_it_hits(tmp_path: Path, reading: Reading) -> None:
    files = {f"{number}.txt": WORDS for number in range(4)}
    for path in (zipped(tmp_path / "a.zip", **files), tarred(tmp_path / "a.tar", files=files)):
        data = bytearray(path.read_bytes())
        at = data.index(b"1.txt") + 12
        data[at : at + 8] = b"\xee" * 8
        path.write_bytes(data)
        document = read_document(str(path), path.name, reading)
        assert inside(document) == {name: WORDS for name in files if name != "1.txt"}
        assert "damaged" in document.warnings[0]


def test_the_first_header_of_a_tar_is_damaged(tmp_path: Path, reading: Reading) -> None:
    path = tarred(tmp_path / "a.tar", files={"a": WORDS, "b": WORDS})
    data = path.read_bytes()
    path.write_bytes(data[:148] + b"000000\0 " + data[156:257] + bytes(255) + data[512:])
    assert inside(read_document(str(path), path.name, reading)) == {"b": WORDS}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_by_ratio(tmp_path: Path, reading: Reading, pack: Callable[[bytes], bytes]) -> None:
    zeros = bytes(50_000_000)
    path = tmp_path / "a.gz"
    path.write_bytes(pack(zeros))
    assert refusal(path, reading).reason is Reason.BOMB
    path.write_bytes(pack(header(b"a.txt", 1) + padded(b"x") + header(b".hidden", len(zeros)) + zeros))
    assert refusal(path, reading).reason is Reason.BOMB


def test_a_bomb_of_a_zip(tmp_path: Path, reading: Reading) -> None:
    assert refusal(zipped(tmp_path / "a.zip", a=WORDS, b=bytes(50_000_000)), reading).reason is Reason.BOMB
    assert refusal(overlapping(tmp_path / "b.zip", 50), reading).reason is Reason.BOMB


def test_a_zip_that_lies_about_its_sizes(tmp_path: Path, reading: Reading) -> None:
    path = zipped(tmp_path / "a.zip", a=bytes(50_000_000), b=WORDS)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 50_000_000), struct.pack("<L", 10)))
    document = read_document(str(path), path.name, reading)
    assert inside(document) == {"b": WORDS}, "no more is unpacked than is said, and its check sum is wrong then"
    assert document.warnings == ("damaged or cut off, left out: a",)


def test_nested_archives_are_members_as_they_are(tmp_path: Path, reading: Reading) -> None:
    inner = zipped(tmp_path / "inner.zip", a=bytes(50_000_000)).read_bytes()
    document = read_document(str(zipped(tmp_path / "a.zip", inner=inner)), "a.zip", reading)
    assert inside(document) == {"inner": inner}


def test_passwords(tmp_path: Path, reading: Reading) -> None:
    path = zipped(tmp_path / "a.zip", a=WORDS, b=WORDS)
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 8] |= 1
    path.write_bytes(data)
    document = read_document(str(path), path.name, reading)
    assert inside(document) == {"b": WORDS}
    assert document.warnings == ("needs a password, left out: a",)
    data[data.index(b"PK\1\2", first + 4) + 8] |= 1
    path.write_bytes(data)
    assert refusal(path, reading).reason is Reason.ENCRYPTED


@pytest.mark.parametrize("size", [-1, 8**11 - 1])
def test_a_tar_that_lies_about_sizes_ends(tmp_path: Path, reading: Reading, size: int) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(header(b"a", 1) + padded(b"x") + header(b"b", size) + header(b"c", 1) + padded(b"y") + bytes(1_024))
    document = read_document(str(path), path.name, reading)
    assert inside(document) == ({"a": b"x", "c": b"y"} if size < 0 else {"a": b"x"})
    assert "damaged" in document.warnings[0]


def test_a_pax_header_that_is_not_one(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "a.tar"
    for bad in (b"999999 path=x\n", b"0 path=x\n", b"x path=y\n", b"-5 path=x\n", b"9" * 5_000 + b" a=b\n"):
        path.write_bytes(header(b"p", len(bad), b"x") + padded(bad) + header(b"a", 1) + padded(b"x") + bytes(1_024))
        assert inside(read_document(str(path), path.name, reading)) == {"a": b"x"}
    path.write_bytes(header(b"p", 8**11 - 1, b"x") + header(b"a", 1) + padded(b"x") + bytes(1_024))
    assert inside(read_document(str(path), path.name, reading)) == {"a": b"x"}, "a header of 8 GB is not believed"


def test_nothing_in_it(tmp_path: Path, reading: Reading) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\5\6" + bytes(18))
    assert refusal(path, reading).reason is Reason.EMPTY
    path.write_bytes(gzip.compress(header(b"a/", 0, b"5") + bytes(1_024)))
    assert refusal(path, reading).reason is Reason.EMPTY


@pytest.mark.parametrize("names", [("AndroidManifest.xml",), ("META-INF/MANIFEST.MF", "a/B.class"), ("Index/Document.iwa",)])
def test_packages_that_are_no_archives(tmp_path: Path, reading: Reading, names: tuple[str, ...]) -> None:
    path = zipped(tmp_path / "a.zip", **dict.fromkeys(names, b"x"))
    assert refusal(path, reading).reason is Reason.UNSUPPORTED_TYPE


def test_real_archives(reading: Reading) -> None:
    if not ARCHIVES.is_dir():
        pytest.skip("../shared/data/hostile is not here")

    def read(name: str) -> list[str]:
        return [member.name for member in read_document(str(ARCHIVES / name), name, reading).members]

    assert read("Bombs/zip-slip.zip") == ["good.txt", "tmp/evil.txt"]
    assert read("Bombs/zip-slip-win.tar") == ["good.txt", "Temp/evil.txt"]
    assert read("TestDataArchives/TestData.tar.xz") == [
        *("TestData/Foo/Bar/Dolor.txt", "TestData/Foo/Ipsum.txt", "TestData/Lorem.txt")
    ]
    assert len(read("TestDataArchives/TestDataCorrupt.tar")) == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Bombs/zbsm.zip", Reason.BOMB),
        ("Bombs/10GB.bz2", Reason.BOMB),
        ("TestDataArchives/TestDataEncryptedAES.zip", Reason.ENCRYPTED),
        ("TestDataArchives/TestDataEncryptedZipCrypto.zip", Reason.ENCRYPTED),
        ("TestDataArchives/TestData.7z", Reason.UNSUPPORTED_TYPE),
    ],
)
def test_real_refusals(reading: Reading, name: str, reason: Reason) -> None:
    if not ARCHIVES.is_dir():
        pytest.skip("../shared/data/hostile is not here")
    assert refusal(ARCHIVES / name, reading).reason is reason


def test_what_a_tar_is_known_by(tmp_path: Path) -> None:
    path = tmp_path / "file"
    v7 = header(b"a", 1)
    v7 = v7[:148] + b" " * 8 + v7[156:257] + bytes(255)
    path.write_bytes(v7[:148] + b"%06o\0 " % sum(v7) + v7[156:] + padded(b"x"))
    assert media_type(str(path), "file") == "application/x-tar"
    tarred(path, files={"first.pdf": b"%PDF-1.7\n"})
    assert media_type(str(path), "file") == "application/x-tar", "whatever its first file is"
    path.write_bytes(b"a line of text\n" * 100)
    assert media_type(str(path), "a.tar") == "text/plain"
