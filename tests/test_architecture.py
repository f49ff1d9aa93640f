"""Who may import whom (docs/architecture.md): checked from the source text, so that nothing has to be imported for it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ("core", "ledger", "blocks", "tasks", "flows", "deployments", "apps")
"""Each room may import those before it; apps and deployments are neighbours and do not."""
FAMILIES = ("blocks.credentials", "blocks.sources", "blocks.embedders", "blocks.stores", "tasks.extractors", "tasks.chunkers")
MAY_KNOW = {("blocks.sources", "blocks.credentials")}
"""A source says who asks."""
SDKS = {
    "chromadb": "blocks.stores",
    "weaviate": "blocks.stores",
    "googleapiclient": "blocks.sources",
    "google_auth_httplib2": "blocks.sources",
    "httplib2": "blocks.sources",
    "google_auth_oauthlib": "blocks.credentials",
    "oauthlib": "blocks.credentials",
    "requests": "blocks.credentials",
    "google": ("blocks.credentials", "blocks.sources"),
    "openvino": "blocks.embedders",
    "nncf": "blocks.embedders",
    "torch": "blocks.embedders",
    "transformers": "blocks.embedders",
    "sentence_transformers": "blocks.embedders",
    "tokenizers": "blocks.embedders",
    "pypdf": "tasks.extractors",
    "pypdfium2": "tasks.extractors",
    "openpyxl": "tasks.extractors",
    "unstructured": "tasks.extractors",
    "lxml": "tasks.extractors",
    "olefile": "tasks.extractors",
    "charset_normalizer": "tasks.extractors",
}


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    importer: str
    line: int
    imported: str
    at_top: bool
    """True if merely importing the importer runs it."""

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ORDER:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = list(path.relative_to(ROOT).with_suffix("").parts)
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), ast.parse(path.read_text())


def imports_of(module: str, tree: ast.Module) -> Iterator[Import]:
    top = {id(node) for statement in tree.body for node in _run_at_import(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name, id(node) in top)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(module.split(".")[: -node.level]) if node.level else ""
            source = ".".join(part for part in (package, node.module) if part)
            for alias in node.names:
                yield Import(module, node.lineno, f"{source}.{alias.name}", id(node) in top)


def _run_at_import(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
        return
    yield statement
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield from _run_at_import(child)


ALL = [found for module, tree in modules() for found in imports_of(module, tree)]


def room(name: str) -> str:
    return name.split(".")[0]


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def report(bad: list[Import]) -> None:
    assert not bad, "\n".join(map(str, bad))


def test_every_room_is_looked_at() -> None:
    assert {room(found.importer) for found in ALL} == set(ORDER)


def test_rooms_import_only_rooms_before_them() -> None:
    def allowed(found: Import) -> bool:
        importer, imported = room(found.importer), room(found.imported)
        if imported not in ORDER or importer == imported:
            return True
        if {importer, imported} == {"apps", "deployments"}:
            return False
        return ORDER.index(imported) < ORDER.index(importer)

    report([found for found in ALL if not allowed(found)])


def test_core_needs_the_standard_library_alone() -> None:
    foreign = [f for f in ALL if room(f.importer) == "core" and room(f.imported) not in {"core", *sys.stdlib_module_names}]
    report(foreign)


@pytest.mark.parametrize("place", ["core", "ledger", "tasks.extractors", "tasks.chunkers"])
def test_no_prefect(place: str) -> None:
    report([found for found in ALL if within(found.importer, place) and room(found.imported) == "prefect"])


def test_families_do_not_know_each_other() -> None:
    def family(name: str) -> str | None:
        return next((family for family in FAMILIES if within(name, family)), None)

    pairs = [(f, (family(f.importer), family(f.imported))) for f in ALL]
    report([f for f, pair in pairs if all(pair) and pair[0] != pair[1] and pair not in MAY_KNOW])


def test_a_task_imports_no_other_task() -> None:
    stages = {
        module
        for module, tree in modules()
        if module.startswith("tasks.")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any("task" in ast.unparse(mark) for mark in node.decorator_list)
    }
    assert {"tasks.discover", "tasks.extract", "tasks.chunk", "tasks.embed", "tasks.publish"} <= stages
    report([f for f in ALL if f.importer in stages and any(within(f.imported, s) and s != f.importer for s in stages)])


def test_an_sdk_is_imported_only_where_it_is_used() -> None:
    def allowed(found: Import) -> bool:
        homes = SDKS.get(room(found.imported))
        if homes is None:
            return True
        at_home = any(within(found.importer, home) for home in ((homes,) if isinstance(homes, str) else homes))
        return at_home and not found.at_top

    report([found for found in ALL if not allowed(found)])


def test_nothing_reads_the_environment_at_import() -> None:
    for module, tree in modules():
        if module in ("apps.cli",) or (room(module) == "ledger" and "migrations" in module):
            continue
        for statement in tree.body:
            for node in _run_at_import(statement):
                if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
                    break
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
                    text = ast.unparse(node)
                    assert "os.environ" not in text and "os.getenv" not in text, f"{module}: {text}"
