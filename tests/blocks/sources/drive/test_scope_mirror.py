"""The mirror of one listing."""

from __future__ import annotations

import pytest

from blocks.sources.drive import scope_mirror
from blocks.sources.drive.items import FOLDER
from blocks.sources.drive.known import described
from blocks.sources.drive.scope_mirror import ScopeMirror
from blocks.sources.drive.wanted import Wanted
from core.trees import MemoryTree


def test_what_went_with_its_folder_is_kept_in_mind_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_mirror, "_MOST_GONE", 25)
    tree = MemoryTree()
    folders = [described({"id": f"folder{number}", "mimeType": FOLDER}, "", "user", ()) for number in range(5)]
    files = [described({"id": f"{folder.id}-{number}"}, folder.id, "user", ()) for folder in folders for number in range(10)]
    tree.stage([item.node() for item in (*folders, *files)], ())
    mirror = ScopeMirror(None, tree, Wanted((), (), (), ()), False, {})  # type: ignore[arg-type]
    for folder in folders:
        list(mirror.drop(folder.id, explicit=True))
    assert sum(map(len, mirror.went_along.values())) == 25
