"""A process that has imported what commands import, but for Prefect, which reads its settings when it is imported.

`python -m tests.apps.forge DESCRIPTOR`: each command is a fork of it, with arguments, environment and outputs of its own, and
ends as every process does. Half of a command's time is its imports. Answers each order with the exit code.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from importlib import import_module
from pathlib import Path

from tasks.extractors.registry import engines

ORDER_BYTES = 1 << 17
IMPORTED = (
    *(f"apps.commands.{path.stem}" for path in sorted((Path(__file__).parents[2] / "apps" / "commands").glob("[a-z]*.py"))),
    "alembic.command",
    "anyio._backends._asyncio",
    "apps.cli",
    "coolname",
    "fastapi.encoders",
    "fsspec",
    "griffe",
    "httpx",
    "jinja2",
    "numpy",
    "opentelemetry.trace",
    "pathspec",
    "pendulum",
    "prometheus_client",
    "pydantic_settings",
    "rich.progress",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.asyncio",
    "tokenizers",
    "typer",
    "websockets.asyncio.client",
)


def main() -> int:
    """Serve until the other end is closed."""
    for module in IMPORTED:
        import_module(module)
    engines()
    assert not [name for name in sys.modules if name.partition(".")[0] == "prefect"], "it has to be imported by each command"
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        while True:
            order, outputs, _flags, _address = socket.recv_fds(orders, ORDER_BYTES, 2)
            if not order:
                return 0
            pid = os.fork()
            if pid == 0:
                orders.close()
                _become(json.loads(order), outputs)
            for output in outputs:
                os.close(output)
            _pid, status = os.waitpid(pid, 0)
            orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: dict[str, dict[str, str] | list[str]], outputs: list[int]) -> None:
    """The command. Never returns."""
    from apps.cli import main

    for output, target in zip(outputs, (1, 2), strict=True):
        os.dup2(output, target)
        os.close(output)
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv[1:] = order["arguments"]
    main()


if __name__ == "__main__":
    sys.exit(main())
