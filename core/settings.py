"""Settings: environment variables LEVADA_*, read when asked for, never at import time."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import UsageError
from core.names import checked
from core.reading import ReadingPolicy

_LEAST_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how hard to work. docs/settings.md describes each."""

    home: Path
    """LEVADA_HOME: ledger, embedded store, extracted texts, models, logs. Default: the user's data directory."""
    library: str = "default"
    """LEVADA_LIBRARY: the library that commands use when none is named."""
    tenant: str = "default"
    """LEVADA_TENANT: the owner of the libraries."""
    ledger_url: str = ""
    """LEVADA_LEDGER_URL: SQLAlchemy URL of the ledger; default: SQLite in the home."""
    store_url: str = ""
    """LEVADA_STORE_URL: a Chroma server, e.g. http://chroma:8000; default: the embedded store."""
    model: str = ""
    """LEVADA_MODEL: a local model's directory or a hub model's name; default: the bundled model."""
    backend: str = "auto"
    """LEVADA_BACKEND: auto, openvino, torch or cuda."""
    precision: str = "auto"
    """LEVADA_PRECISION: auto (bf16 where the CPU has it), fp32, bf16 or int8."""
    extract_timeout: float = 60.0
    """LEVADA_EXTRACT_TIMEOUT: seconds a file may take to be read."""
    extract_cpu_seconds: float = 0.0
    """LEVADA_EXTRACT_CPU_SECONDS: of CPU time, of all cores together; 0: twice the timeout."""
    extract_memory: int = 1 << 30
    """LEVADA_EXTRACT_MEMORY: bytes that reading a file may take, in the parser and all it starts."""
    extract_output: int = 128 << 20
    """LEVADA_EXTRACT_OUTPUT: bytes that a file's document may take."""
    extract_disk: int = 1 << 30
    """LEVADA_EXTRACT_DISK: bytes of temporary files, and of files unpacked, while one is read."""
    extract_ocr_timeout: float = 60.0
    """LEVADA_EXTRACT_OCR_TIMEOUT: seconds a page may take in Tesseract, on top of the file's own."""
    extract_ocr_pages: int = 1_000
    """LEVADA_EXTRACT_OCR_PAGES: pages of a file that Tesseract reads at most."""
    extract_workers: int = 2
    """LEVADA_EXTRACT_WORKERS: parser processes."""
    reading: ReadingPolicy = field(default_factory=ReadingPolicy)
    """LEVADA_HIDDEN_TEXT: drop (default) or keep text that a reader would not see; LEVADA_OCR_LANGUAGES: as "eng+por"."""
    google_credentials: Path | None = None
    """LEVADA_GOOGLE_CREDENTIALS: a service account's key, or the credentials.json of an OAuth client."""
    google_token: Path | None = None
    """LEVADA_GOOGLE_TOKEN: the file of an account's token; default: google/token.json in the home."""
    google_subject: str = ""
    """LEVADA_GOOGLE_SUBJECT: the user on whose behalf a service account works; default: its own."""
    google_folders: tuple[str, ...] = ()
    """LEVADA_GOOGLE_FOLDERS: ids or addresses of folders, with commas between; what the source `google-drive` looks at."""
    google_drives: tuple[str, ...] = ()
    """LEVADA_GOOGLE_DRIVES: the same of shared drives, or "all"."""
    google_my_drive: bool = False
    """LEVADA_GOOGLE_MY_DRIVE: yes for all of the account's own Drive."""
    google_api_url: str = ""
    """LEVADA_GOOGLE_API_URL: root of the Drive API in place of Google's own, for tests and proxies."""
    hooks_url: str = ""
    """LEVADA_HOOKS_URL: where Google is to send notifications: the public address of `levada hooks`; default: none are sent."""
    hooks_deployment: str = "ingest/drive"
    """LEVADA_HOOKS_DEPLOYMENT: what a notification runs."""
    hooks_debounce: float = 30.0
    """LEVADA_HOOKS_DEBOUNCE: seconds whose notifications lead to one run together, at their end."""
    log_level: str = ""
    """LEVADA_LOG_LEVEL: which of Prefect's log lines a terminal shows; default: none, but our own warnings."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read them now. Raises UsageError for a value that cannot be meant."""
        env = os.environ if env is None else env
        home = _home(env)
        return cls(
            home=home,
            library=_name(env, "LEVADA_LIBRARY", "library"),
            tenant=_name(env, "LEVADA_TENANT", "tenant"),
            ledger_url=env.get("LEVADA_LEDGER_URL") or f"sqlite:///{home / 'ledger.db'}",
            store_url=_url(env, "LEVADA_STORE_URL"),
            model=env.get("LEVADA_MODEL", ""),
            backend=_choice(env, "LEVADA_BACKEND", "auto", ("auto", "openvino", "torch", "cuda")),
            precision=_choice(env, "LEVADA_PRECISION", "auto", ("auto", "fp32", "bf16", "int8")),
            extract_timeout=_number(env, "LEVADA_EXTRACT_TIMEOUT", 60.0),
            extract_cpu_seconds=_number(env, "LEVADA_EXTRACT_CPU_SECONDS", 0.0),
            extract_memory=_size(env, "LEVADA_EXTRACT_MEMORY", 1 << 30),
            extract_output=_size(env, "LEVADA_EXTRACT_OUTPUT", 128 << 20),
            extract_disk=_size(env, "LEVADA_EXTRACT_DISK", 1 << 30),
            extract_ocr_timeout=_number(env, "LEVADA_EXTRACT_OCR_TIMEOUT", 60.0),
            extract_ocr_pages=_count(env, "LEVADA_EXTRACT_OCR_PAGES", 1_000),
            extract_workers=_count(env, "LEVADA_EXTRACT_WORKERS", max(1, min(4, os.cpu_count() or 1))),
            reading=ReadingPolicy(
                keep_hidden=_choice(env, "LEVADA_HIDDEN_TEXT", "drop", ("drop", "keep")) == "keep",
                ocr_languages=_languages(env, "LEVADA_OCR_LANGUAGES"),
            ),
            google_credentials=_path(env, "LEVADA_GOOGLE_CREDENTIALS"),
            google_token=_path(env, "LEVADA_GOOGLE_TOKEN"),
            google_subject=env.get("LEVADA_GOOGLE_SUBJECT", ""),
            google_folders=_list(env, "LEVADA_GOOGLE_FOLDERS"),
            google_drives=_list(env, "LEVADA_GOOGLE_DRIVES"),
            google_my_drive=_choice(env, "LEVADA_GOOGLE_MY_DRIVE", "no", ("yes", "no")) == "yes",
            google_api_url=_url(env, "LEVADA_GOOGLE_API_URL", "127.0.0.1:8085"),
            hooks_url=_public_url(env, "LEVADA_HOOKS_URL"),
            hooks_deployment=_deployment(env, "LEVADA_HOOKS_DEPLOYMENT", "ingest/drive"),
            hooks_debounce=_number(env, "LEVADA_HOOKS_DEBOUNCE", 30.0),
            log_level=_choice(env, "LEVADA_LOG_LEVEL", "", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
        )

    @property
    def extract_limits(self) -> str:
        """The limits of sizes, in one string: what was too large is tried again when it changes."""
        return f"{self.extract_memory}/{self.extract_output}/{self.extract_disk}"

    @property
    def google_token_file(self) -> Path:
        """Where the token of the account that logged in lies."""
        return self.google_token or self.home / "google" / "token.json"

    @property
    def has_google_scope(self) -> bool:
        """True if the environment says what of Google Drive to look at."""
        return bool(self.google_folders or self.google_drives or self.google_my_drive)

    def library_dir(self, library: str, tenant: str = "") -> Path:
        """Where a library's store and texts lie; of this tenant if none is named."""
        return self.home / "libraries" / (tenant or self.tenant) / library


def _home(env: Mapping[str, str]) -> Path:
    data_home = Path(env.get("XDG_DATA_HOME") or Path(env.get("HOME", "~")).expanduser() / ".local" / "share")
    home = Path(env.get("LEVADA_HOME") or data_home / "levada")
    try:
        home = home.expanduser().absolute()
        is_file = not next(path for path in (home, *home.parents) if path.exists()).is_dir()
    except (OSError, RuntimeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise UsageError(f"LEVADA_HOME must be a directory of yours, not {str(home)!r}: {reason}") from exc
    if is_file:
        raise UsageError(f"LEVADA_HOME must be a directory, not {str(home)!r}, where a file is in the way")
    return home


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    if not value:
        return None
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as exc:
        raise UsageError(f"{name}: {value} names no user's home") from exc


def _url(env: Mapping[str, str], name: str, example: str = "chroma:8000") -> str:
    value = env.get(name, "")
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if value and not whole:
        raise UsageError(f"{name} must be a URL such as http://{example}, not {value!r}")
    return value


def _public_url(env: Mapping[str, str], name: str) -> str:
    """Google calls no other address than one with https; of this machine's own, for tests, it is the emulator who decides."""
    value = _url(env, name, "127.0.0.1:8788")
    parts = urlsplit(value)
    if value and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise UsageError(f"{name} must be an address that Google can call, such as https://levada.example.org/, not {value!r}")
    return value


def _deployment(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    flow, slash, deployment = value.partition("/")
    if not (flow and slash and deployment):
        raise UsageError(f"{name} must name a deployment, such as ingest/drive, not {value!r}")
    return value


def _name(env: Mapping[str, str], name: str, kind: str) -> str:
    try:
        return checked(kind, env.get(name) or "default")
    except UsageError as exc:
        raise UsageError(f"{name}: {exc}") from None


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    value = env.get(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise UsageError(f"{name} must be a number, not {value!r}") from None
    if not 0 < number < math.inf:
        raise UsageError(f"{name} must be greater than 0, not {value!r}")
    return number


def _count(env: Mapping[str, str], name: str, default: int) -> int:
    number = float(_number(env, name, default))
    if not number.is_integer():
        raise UsageError(f"{name} must be a whole number, not {env[name]!r}")
    return int(number)


def _size(env: Mapping[str, str], name: str, default: int) -> int:
    """Bytes; a unit counts 1,024 of the one before, however it is written."""
    value = env.get(name)
    if not value:
        return default
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]?)(?:i?B)?", value, re.IGNORECASE)
    size = round(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ")) if match else 0
    if not _LEAST_SIZE <= size < 1 << 62:
        raise UsageError(f"{name} must be a size of at least 1 MiB, such as 512 MiB, not {value!r}")
    return size


def _languages(env: Mapping[str, str], name: str) -> str:
    value = env.get(name) or "eng"
    if not re.fullmatch(r"[A-Za-z_]+(\+[A-Za-z_]+)*", value):
        raise UsageError(f"{name} must name Tesseract's languages, such as eng+por, not {value!r}")
    return value


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env.get(name)
    if not value:
        return default
    if value not in choices:
        raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value
