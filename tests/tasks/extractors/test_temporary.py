"""Nothing of people's documents stays in the system's place for temporary files, not even after a SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasks.extractors._isolation.temporary import temporary_directory

_MAKER = """
import sys, time
from tasks.extractors._isolation.temporary import TemporaryDirectory
made = TemporaryDirectory("parsers")
(made.path / "copy.txt").write_text("private")
print(made.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def system_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_run_left_goes_with_the_next_and_what_is_in_use_or_not_ours_stays(system_place: Path) -> None:
    environment = os.environ | {"TMPDIR": str(system_place), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", _MAKER], stdout=subprocess.PIPE, text=True, env=environment) as maker:
        assert maker.stdout is not None
        theirs = Path(maker.stdout.readline().strip())
        (system_place / "levada-parsers-foreign").mkdir()
        (system_place / "elsewhere").mkdir()
        (system_place / "levada-link").symlink_to(system_place / "elsewhere")
        with temporary_directory("parsers") as ours:
            assert (theirs / "copy.txt").exists(), "its maker lives"
            with temporary_directory("extract"):
                assert ours.exists()
        maker.send_signal(signal.SIGKILL)
        maker.wait()
        with temporary_directory("parsers") as ours:
            left = {entry.name for entry in system_place.iterdir()}
    assert left == {ours.name, "levada-parsers-foreign", "elsewhere", "levada-link"}
    assert not ours.exists()
