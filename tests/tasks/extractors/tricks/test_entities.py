"""XML entities: neither multiplied nor fetched, in any format that is built of XML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.documents import Document
from core.errors import Unprocessable
from tests.tasks.extractors.tricks.packages import KINDS, WORDS, build

Read = Callable[[Path], Document | Unprocessable]

SECRET = "the secret of another file"


@pytest.mark.parametrize("kind", KINDS)
def test_the_plain_file_is_read(tmp_path: Path, read: Read, kind: str) -> None:
    """What the others are made of: else they would show nothing."""
    document = read(build(tmp_path, kind))
    assert isinstance(document, Document), document
    assert WORDS in document.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_billion_laughs(tmp_path: Path, read: Read, kind: str) -> None:
    """Ten levels of ten: 10 GB if they were expanded."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "laughter">{levels}]>'
    outcome = read(build(tmp_path, kind, doctype, f"{WORDS} &l10;"))
    assert isinstance(outcome, Unprocessable) or len(outcome.text) < 10_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_quadratic_blowup(tmp_path: Path, read: Read, kind: str) -> None:
    """One long entity, many times: 5 GB if it were expanded."""
    doctype = f'<!DOCTYPE x [<!ENTITY long "{"laughter" * 12_500}">]>'
    outcome = read(build(tmp_path, kind, doctype, f"{WORDS} {'&long;' * 50_000}"))
    assert isinstance(outcome, Unprocessable) or outcome.text.count("laughterlaughter") < 20_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "{file}">]>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "{web}/entity">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "{web}/parameter"> %p;]>',
        '<!DOCTYPE x SYSTEM "{web}/declaration">',
    ],
    ids=["file", "web", "parameter", "declaration"],
)
def test_an_external_entity(
    tmp_path: Path, read: Read, server: tuple[str, list[str]], kind: str, doctype: str, in_process: Read
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    web, asked = server
    declaration = doctype.format(file=secret.as_uri(), web=web)
    path = build(tmp_path, kind, declaration, f"{WORDS} {'&e;' if 'ENTITY e' in doctype else ''}")
    for outcome in (read(path), in_process(path)):
        if isinstance(outcome, Document):
            assert SECRET not in outcome.text
            assert "FETCHED" not in outcome.text
    assert asked == []
