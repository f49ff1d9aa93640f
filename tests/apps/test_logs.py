"""What Prefect writes on a command's terminal."""

from __future__ import annotations

import os
import subprocess
import sys

from apps.prefect_env import QUIET


def test_threads_of_prefect_do_not_complain_on_a_quiet_terminal() -> None:
    """Their logger passes over its level, and over that of Prefect's console: only the setting counts."""
    program = "import logging, prefect; logging.getLogger('prefect._internal.concurrency').error('Service failed')"
    shown = []
    for settings in (QUIET, {}):
        command = [sys.executable, "-c", program]
        shown.append(subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True).stderr)
    assert "Service failed" not in shown[0]
    assert "Service failed" in shown[1]
