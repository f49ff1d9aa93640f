"""`prefect deploy` by hand, without the folder that a deployment is to carry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from deployments import check
from deployments.bootstrap import bootstrap


def test_deploying_without_a_folder_says_so(api_env: dict[str, str], tmp_path: Path) -> None:
    root = check.OURS.parent
    env = {**api_env, "PYTHONPATH": str(root)}
    with temporary_settings({PREFECT_API_URL: env["PREFECT_API_URL"], PREFECT_API_AUTH_STRING: env["PREFECT_API_AUTH_STRING"]}):
        bootstrap(check.OURS)
    shutil.copy(check.OURS, tmp_path)

    def deploy(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "prefect", "--no-prompt", "deploy", "--all"]
        return subprocess.run(command, cwd=tmp_path, env={**env, **more}, capture_output=True, text=True, check=False)

    with SyncPrefectClient(api_env["PREFECT_API_URL"], auth_string=api_env["PREFECT_API_AUTH_STRING"]) as client:

        def sources() -> dict[str, str]:
            ingests = [found for found in client.read_deployments() if found.entrypoint == "flows.ingest.ingest"]
            return {found.name: found.parameters["source"] for found in ingests if found.name in ("folder", "drive")}

        done = deploy()
        assert (done.returncode, done.stderr.count("LEVADA_FOLDER is not set")) == (0, 1)
        assert sources() == {"folder": "", "drive": "google-drive"}  # "" is refused by each run
        done = deploy(LEVADA_FOLDER=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        assert sources() == {"folder": str(tmp_path), "drive": "google-drive"}
