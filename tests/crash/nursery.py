"""A process that has imported everything and started nothing: each ingest is a fork of it, so that to die is cheap.

`python -m tests.crash.nursery`: takes orders as lines of JSON on standard input, one at a time; answers with the child's pid
when it runs and with its exit status when it has ended. The child is the leader of a session and a process group of its own.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from blocks.embedders.engines.openvino import import_openvino
from ledger.database import open_ledger
from ledger.statistics import collect
from tasks.extractors.registry import engines
from tests.crash.faults import POINTS, Fault, Faults
from tests.ledger.world import CORRUPT, World
from tests.statements import compile_once

IMPORTED = (
    *sorted({place.partition(":")[0] for place in POINTS.values()}),
    "anyio._backends._asyncio",
    "apps.prefect_api",
    "blocks.embedders.sentence_transformer",
    "blocks.sources.drive.listing",
    "blocks.sources.google_drive",
    "blocks.stores.chroma_embedded",
    "encodings.idna",
    "fastapi.encoders",
    "flows.ingest",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.telemetry.run_telemetry",
    "prefect.utilities.visualization",
    "sqlalchemy.dialects.sqlite",
    "tests.flows.stages",
    "tokenizers",
)


def main() -> int:
    """Serve until standard input ends."""
    warm_up()
    _say({"ready": os.getpid()})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(order)
        _say({"pid": pid})
        _pid, status = os.waitpid(pid, 0)
        _say({"status": os.waitstatus_to_exitcode(status)})
    return 0


def warm_up() -> None:
    """Import what an ingest imports, and compile its SQL. No thread, no loop, no model: a fork would lose or break them."""
    for module in IMPORTED:
        import_module(module)
    import_openvino()
    engines()
    compile_once()
    _compile_statements()

    assert threading.active_count() == 1, threading.enumerate()
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    gc.collect()
    gc.freeze()


def _compile_statements() -> None:
    """A third of a run's time: so the steps on the ledger are taken once, in one that is thrown away."""
    with tempfile.TemporaryDirectory() as name, closing(open_ledger(f"sqlite:///{name}/ledger.db")) as ledger:
        world = World(ledger)
        world.source.write("stays.md", "one|two")
        world.source.write("goes.md", "three")
        world.source.write("moves.md", "four|five")
        world.sync()
        world.source.write("stays.md", "two|six")
        world.source.write("fails.md", CORRUPT)
        world.source.remove("goes.md")
        world.source.rename("moves.md", "moved.md")
        world.sync()
        collect(ledger, world.library)


def _live(order: dict[str, Any]) -> None:
    """The child: one ingest, as a process of its own would do it. Never returns."""
    code = 1
    try:
        os.setsid()
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        # Asked where it stands if it does not end.
        faulthandler.register(signal.SIGUSR1, file=log)
        os.environ.update(order["env"])
        faults = Faults(Fault(**order["fault"]) if order["fault"] else None, Path(order["store"]))
        faults.install()
        answer = (_without_prefect if order["plain"] else _ingest)(order["parameters"])
        answer |= {"calls": faults.calls, "cpu": time.process_time()}
        Path(order["report"]).write_text(json.dumps(answer))
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ingest(parameters: dict[str, Any]) -> dict[str, Any]:
    """The flow, as every door calls it."""
    from apps.prefect_api import without_heartbeat
    from flows.ingest import ingest

    # As the command has it.
    with without_heartbeat():
        state: Any = ingest(**parameters, return_state=True)
    result = state.result(raise_on_failure=False)
    if not state.is_completed():
        return {"state": state.type.value, "name": state.name, "error": f"{type(result).__name__}: {result}"}
    return {"state": state.type.value, "name": state.name, "report": asdict(result)}


def _without_prefect(parameters: dict[str, Any]) -> dict[str, Any]:
    """The same stages one after the other, a second cheaper: for looking whether there is anything left to do."""
    from blocks.library import open_library
    from tests.flows.stages import ingest_in_stages

    library = open_library(parameters["library"])
    try:
        report = ingest_in_stages(library, parameters["source"], parameters["batch_files"], wait=parameters.get("wait"))
        return {"state": "COMPLETED", "name": "Completed", "report": asdict(report)}
    finally:
        library.close()


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
