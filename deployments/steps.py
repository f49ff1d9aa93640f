"""What `prefect deploy` does before it deploys: steps of prefect.yaml, found by their module path."""

from __future__ import annotations

import sys


def look_for_folder(folder: str) -> dict[str, str]:
    """Warn if there is none: Prefect makes "" of a variable that is not set, and a run fails unless it is given a source."""
    if not folder.strip():
        print("LEVADA_FOLDER is not set: runs of ingest/folder need a source until you deploy again with it", file=sys.stderr)  # noqa: T201
    return {}
