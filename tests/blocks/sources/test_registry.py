"""A source comes back from the ledger without what only Prefect's other blocks need."""

from __future__ import annotations

import json
from pathlib import Path

from blocks.sources import registry
from blocks.sources.folder import FolderSource
from tests.blocks.processes import run

RESTORED = """
import sys
from blocks.sources import registry
for config in sys.argv[1:]:
    print(registry.restore("folder", config).root)
print(sorted({"docker", "prefect_docker", "requests"} & set(sys.modules)))
"""


def test_no_collection_is_imported(tmp_path: Path) -> None:
    folder = FolderSource(path=tmp_path, include=["*.md"])
    kept = registry.configuration(folder)
    assert json.loads(kept) == {"path": str(tmp_path), "include": ["*.md"]}
    # As ledgers of earlier versions have it.
    earlier = json.dumps(json.loads(kept) | {"block_type_slug": "levada-folder"})
    assert run(RESTORED, kept, earlier, home=tmp_path)[0] == f"{folder.root}\n{folder.root}\n[]\n"
    for config in (kept, earlier):
        assert registry.restore("folder", config) == folder
