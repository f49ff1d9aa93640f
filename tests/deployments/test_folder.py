"""`prefect deploy` by hand, without the folder that a deployment is to carry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient

from deployments import check


def test_deploying_without_a_folder_says_so(api_env: dict[str, str], tmp_path: Path) -> None:
    root = check.OURS.parent
    env = {**api_env, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-m", "deployments.bootstrap"], cwd=root, env=env, check=True, capture_output=True)
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
