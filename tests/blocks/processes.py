"""Running a few lines in a fresh process that sees nothing of this one's imports, home or settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(code: str, *arguments: str | Path, home: Path, **environment: str) -> subprocess.Popen[str]:
    """Run `code` with `arguments` as sys.argv[1:] and `home` as HOME and LEVADA_HOME."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**kept, "HOME": str(home), "LEVADA_HOME": str(home / "levada"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code: str, *arguments: str | Path, home: Path, **environment: str) -> tuple[str, str]:
    """Standard output and error of a process that must succeed."""
    process = start(code, *arguments, home=home, **environment)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out, err
