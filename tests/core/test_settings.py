"""Settings are read when asked for; what cannot be meant is refused by the variable's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UsageError
from core.reading import ReadingPolicy
from core.settings import Settings


def test_without_any_variable() -> None:
    settings = Settings.from_env({"HOME": "/home/ana"})
    assert settings.home == Path("/home/ana/.local/share/levada")
    assert settings.ledger_url == "sqlite:////home/ana/.local/share/levada/ledger.db"
    assert settings.extract_workers >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEVADA_EXTRACT_WORKERS", "two"),
        ("LEVADA_EXTRACT_WORKERS", "0.5"),
        ("LEVADA_EXTRACT_WORKERS", "0"),
        ("LEVADA_EXTRACT_WORKERS", "inf"),
        ("LEVADA_EXTRACT_TIMEOUT", "-1"),
        ("LEVADA_EXTRACT_TIMEOUT", "nan"),
        ("LEVADA_BACKEND", "gpu"),
        ("LEVADA_PRECISION", "fp16"),
        ("LEVADA_LOG_LEVEL", "bogus"),
        ("LEVADA_STORE_URL", "foo"),
        ("LEVADA_STORE_URL", "ftp://chroma:8000"),
        ("LEVADA_STORE_URL", "http://"),
        ("LEVADA_STORE_URL", "http://chroma:port"),
        ("LEVADA_HOME", "~nobody-of-that-name/x"),
        ("LEVADA_HOME", "/proc/self/status/home"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} must be .*{value}"):
        Settings.from_env({"HOME": "/home/ana", name: value})


def test_a_store_and_a_log_level_that_can_be_meant() -> None:
    env = {"HOME": "/x", "LEVADA_STORE_URL": "https://chroma.example/base", "LEVADA_LOG_LEVEL": "INFO"}
    assert Settings.from_env(env).store_url == "https://chroma.example/base"
    assert Settings.from_env(env).log_level == "INFO"
    assert Settings.from_env({"HOME": "/x", "LEVADA_STORE_URL": "", "LEVADA_LOG_LEVEL": ""}).log_level == ""


def test_numbers_that_can_be_meant() -> None:
    settings = Settings.from_env({"HOME": "/x", "LEVADA_EXTRACT_WORKERS": "3", "LEVADA_EXTRACT_TIMEOUT": "2.5"})
    assert (settings.extract_workers, settings.extract_timeout) == (3, 2.5)
    assert (settings.extract_ocr_timeout, settings.extract_ocr_pages) == (60.0, 1_000)
    scans = Settings.from_env({"HOME": "/x", "LEVADA_EXTRACT_OCR_TIMEOUT": "9", "LEVADA_EXTRACT_OCR_PAGES": "12"})
    assert (scans.extract_ocr_timeout, scans.extract_ocr_pages) == (9.0, 12)


@pytest.mark.parametrize(
    ("value", "size"), [("1048576", 1 << 20), ("2G", 2 << 30), ("1.5 GiB", 3 << 29), ("512mb", 512 << 20), ("", 1 << 30)]
)
def test_sizes_that_can_be_meant(value: str, size: int) -> None:
    assert Settings.from_env({"HOME": "/x", "LEVADA_EXTRACT_MEMORY": value}).extract_memory == size


@pytest.mark.parametrize("value", ["0", "12", "-1 GiB", "1 GiB or so", "1e9", "9999999999 TiB", "inf"])
def test_sizes_that_cannot_be_meant(value: str) -> None:
    for name in ("MEMORY", "OUTPUT", "DISK"):
        with pytest.raises(UsageError, match=f"LEVADA_EXTRACT_{name} must be a size"):
            Settings.from_env({"HOME": "/x", f"LEVADA_EXTRACT_{name}": value})


@pytest.mark.parametrize("name", ["LEVADA_TENANT", "LEVADA_LIBRARY"])
def test_names_that_lead_out_of_the_home_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: '../../escape' cannot name a"):
        Settings.from_env({"HOME": "/x", name: "../../escape"})


def test_what_is_read_of_a_file() -> None:
    given = {"HOME": "/home/somebody", "LEVADA_HIDDEN_TEXT": "keep", "LEVADA_OCR_LANGUAGES": "eng+por"}
    assert Settings.from_env(given).reading == ReadingPolicy(keep_hidden=True, ocr_languages="eng+por")
    for name, value in (("LEVADA_HIDDEN_TEXT", "yes"), ("LEVADA_OCR_LANGUAGES", "eng; rm")):
        with pytest.raises(UsageError, match=name):
            Settings.from_env(given | {name: value})
