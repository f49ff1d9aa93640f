"""The command `levada`: the table of its commands, and how they end.

Exit codes: 0 complete, 1 failed, 2 asked wrongly, 3 partial (something was left behind), 130 ended by Ctrl-C, 143 by SIGTERM.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from apps.streams import flush_streams, mend_streams
from apps.termination import heed_sigterm, terminated
from core.errors import LevadaError, UsageError

FAILED, USAGE, PARTIAL, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143

COMMANDS = ("ingest", "search", "status", "plan", "extract", "source", "quarantine", "verify", "drive", "hooks", "up")
DEBUG = "--debug"


def main() -> None:
    """Run the command; every error is one line, after its traceback if --debug asks for it."""
    # Nothing that is imported is garbage: to look for it after every 700 objects is a tenth of a command's start.
    gc.set_threshold(20_000, 10, 10)
    heed_sigterm()
    mend_streams()
    debug, arguments = _take_debug(sys.argv[1:])
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as exc:
        if debug:
            traceback.print_exc()
        code = _tell(exc)
    if code == INTERRUPTED:
        code = TERMINATED if terminated() else INTERRUPTED
        command = next((word for word in arguments if not word.startswith("-")), "")
        rest = ": what is published stays, the rest is owed; run it again to go on" if command == "ingest" else ""
        print(f"interrupted{rest}", file=sys.stderr)  # noqa: T201
    _leave(code)


def _take_debug(arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """--debug may stand before the command and after it, but what follows `--` is no option."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = arguments[:end]
    return DEBUG in options, [*(word for word in options if word != DEBUG), *arguments[end:]]


def _run(arguments: list[str]) -> int:
    """Run the command; its exit code. Imports here, so that Ctrl-C ends them as it ends everything else."""
    import typer

    from apps import options

    app = typer.Typer(
        name="levada", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, callback=options.of_all
    )
    first = next((word for word in arguments if not word.startswith("-")), "")
    # Only what is asked for: what the others import takes longer than some commands work.
    for name in (first,) if first in COMMANDS else COMMANDS:
        import_module(f"apps.commands.{name}").register(app)
    try:
        # Typer makes 130 of a KeyboardInterrupt.
        code = app(arguments, standalone_mode=False, prog_name="levada")
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _tell(exc: Exception) -> int:
    """Say in a line what went wrong; the exit code."""
    # A wrong option: Typer carries a Click of its own, whose exceptions are known by what they can do.
    words, context = getattr(exc, "format_message", None), getattr(exc, "ctx", None)
    if words is None:
        print(f"levada: {_one_line(exc)}", file=sys.stderr)  # noqa: T201
        return USAGE if isinstance(exc, UsageError) else FAILED
    if type(exc).__name__ != "NoArgsIsHelpError":  # that one has shown the help already
        command = context.command_path if context is not None else "levada"
        print(f"levada: {' '.join(words().split()).rstrip('.')} (see {command} --help)", file=sys.stderr)  # noqa: T201
    return USAGE


def _one_line(exc: Exception) -> str:
    text = " ".join(str(exc).split())
    if isinstance(exc, LevadaError):
        return text
    if isinstance(exc, OSError) and exc.filename and exc.strerror:
        return f"{exc.filename}: {exc.strerror} (--debug shows where)"
    return f"{type(exc).__name__}: {text} (--debug shows where)"


def _leave(code: int) -> None:
    """End now: the interpreter's own tidying of threads and model costs up to a second, and everything is closed already."""
    flush_streams()
    os._exit(code)


if __name__ == "__main__":
    main()
