"""Whatever has an address or a secret: one Prefect block per file.

Every block of the package is a name of it. That is all that Prefect asks of a collection (the entry point `prefect.collections`
in pyproject.toml): documents load without an import of their class, and a new block is one new file. The SDKs behind the
blocks are not imported; Prefect is, so what must do without Prefect does not import this package.
"""

from importlib import import_module
from pkgutil import walk_packages

from prefect.blocks.core import Block


def _block_types() -> dict[str, type[Block]]:
    modules = [import_module(info.name) for info in walk_packages(__path__, f"{__name__}.")]
    return {
        name: member
        for module in modules
        for name, member in vars(module).items()
        if isinstance(member, type) and Block.is_block_class(member) and member.__module__ == module.__name__
    }


globals().update(_block_types())
