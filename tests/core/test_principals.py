"""Principals as people write them."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.principals import asked


@pytest.mark.parametrize(
    ("written", "principal"),
    [("user:Ana@Example.com", "user:ana@example.com"), (" Domain: example.com", "domain:example.com"), ("anyone", "anyone")],
)
def test_case_and_spaces_do_not_matter(written: str, principal: str) -> None:
    assert asked(written) == principal


@pytest.mark.parametrize("written", ["", "user:", "ana", "role:reader"])
def test_what_can_be_no_principal_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="neither user:ADDRESS"):
        asked(written)


def test_an_address_alone_may_be_a_person_or_a_group() -> None:
    with pytest.raises(UsageError, match=r"user:ana@example\.com or group:ana@example\.com"):
        asked("Ana@example.com")
