"""`make demo`: ingest the example library, then ask it two questions, as a user would with the command `levada`."""

from __future__ import annotations

import subprocess
import sys

QUESTIONS = (
    "How does the risk of disability change with age?",
    "Qual é o formato do pacote fonte se o arquivo source/format não existir?",
)


def main(folder: str) -> int:
    """Run the demonstration; the first command that fails ends it."""
    levada = [sys.executable, "-m", "apps.cli"]
    commands = [[*levada, "ingest", folder], *([*levada, "search", question, "-k", "2"] for question in QUESTIONS)]
    for command in commands:
        shown = " ".join(part if " " not in part else f'"{part}"' for part in ["levada", *command[3:]])
        print(f"\n$ {shown}", flush=True)  # noqa: T201
        code = subprocess.run(command, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
