"""The command `levada`: the table of its commands, and how they end.

Exit codes: 0 complete, 1 failed, 2 asked wrongly, 3 partial (something was left behind), 130 ended by Ctrl-C, 143 by SIGTERM.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import typer

from apps.termination import heed_sigterm, terminated
from core.errors import LevadaError, UsageError

FAILED, USAGE, PARTIAL, INTERRUPTED, TERMINATED = 1, 2, 3, 130, 143

COMMANDS = ("ingest", "search", "status", "plan", "source", "quarantine", "verify", "up")

app = typer.Typer(
    name="levada",
    help="Carries documents from where people keep them into a vector store, and keeps them true there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name in COMMANDS:
    import_module(f"apps.commands.{_name}").register(app)


def main() -> None:
    """Run the command; every error is one line, unless --debug asks for its traceback."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    heed_sigterm()
    try:
        # Typer makes 130 of a KeyboardInterrupt.
        code = app(arguments, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as exc:
        if debug:
            raise
        # A wrong option: Typer carries a Click of its own, whose exceptions show themselves.
        show = getattr(exc, "show", None)
        code = USAGE if show or isinstance(exc, UsageError) else FAILED
        if show:
            show()
        else:
            print(f"levada: {_one_line(exc)}", file=sys.stderr)  # noqa: T201
    if code == INTERRUPTED:
        code = TERMINATED if terminated() else INTERRUPTED
        print("interrupted: what is published stays, the rest is owed; run it again to go on", file=sys.stderr)  # noqa: T201
    _leave(code if isinstance(code, int) else 0)


def _one_line(exc: Exception) -> str:
    text = " ".join(str(exc).split())
    if isinstance(exc, LevadaError):
        return text
    return f"{type(exc).__name__}: {text} (--debug shows where)"


def _leave(code: int) -> None:
    """End now: the interpreter's own tidying of threads and model costs up to a second, and everything is closed already."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
