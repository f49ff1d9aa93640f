"""What `prefect deploy` does before it deploys: steps of prefect.yaml, found by their module path."""

from __future__ import annotations


def need_folder(folder: str) -> dict[str, str]:
    """Refuse to deploy without a folder: Prefect makes "" of a variable that is not set, and every run would be of that."""
    if not folder.strip():
        # Of any other exception Prefect shows three tracebacks.
        raise SystemExit("set LEVADA_FOLDER to the folder that ingest/folder shall carry, then deploy again")
    return {}
