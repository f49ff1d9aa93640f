"""Names of sources on Google Drive, as people copy them from a browser."""

from __future__ import annotations

import pytest

from core.drive_names import DriveName, drive_name
from core.errors import UsageError

ID = "1abcDEF-_0123456789"


@pytest.mark.parametrize(
    "address",
    [
        f"https://drive.google.com/drive/folders/{ID}",
        f" https://drive.google.com/drive/u/1/folders/{ID}?usp=sharing#top",
        f"https://drive.google.com/open?id={ID}",
    ],
)
def test_addresses_of_folders(address: str) -> None:
    assert drive_name(address) == DriveName(ID, ID)


def test_an_address_that_lost_its_end_is_asked_for_wrongly() -> None:
    with pytest.raises(UsageError, match="neither the address of a folder"):
        drive_name("https://drive.google.com/drive/folders/abc")


@pytest.mark.parametrize(
    "address", [f"https://drive.google.com/file/d/{ID}/view", f"https://docs.google.com/document/d/{ID}/edit"]
)
def test_the_address_of_a_file_says_what_to_name(address: str) -> None:
    with pytest.raises(UsageError, match="the folder that holds it"):
        drive_name(address)


def test_a_path_is_nothing_on_google_drive() -> None:
    assert drive_name("/home/ana/documents") is None
