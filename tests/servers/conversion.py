"""The bundled model, converted for OpenVINO by two processes at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.blocks.processes import start

CONVERT = """
import sys
from pathlib import Path
from blocks.embedders.sentence_transformer import SentenceTransformerEmbedder
print(SentenceTransformerEmbedder(backend="openvino", cache_dir=Path(sys.argv[1])).embed(["first use"]).shape)
"""


@dataclass(frozen=True)
class Conversion:
    """What became of two processes that converted the bundled model at once."""

    directory: Path

    @property
    def models(self) -> Path:
        """A cache_dir that holds the converted model."""
        return self.directory / "models"

    @property
    def exit_codes(self) -> list[int]:
        """Of both."""
        return [code for code, _output in self._ends()]

    @property
    def outputs(self) -> list[str]:
        """Of both, standard output and error."""
        return [output for _code, output in self._ends()]

    def _ends(self) -> list[tuple[int, str]]:
        return [(code, output) for code, output in json.loads((self.directory / "ends.json").read_text())]


def convert(directory: Path) -> None:
    """Make `directory` what Conversion looks at."""
    processes = [start(CONVERT, directory / "models", home=directory / "home") for _ in range(2)]
    outputs = ["\n".join(process.communicate(timeout=240)) for process in processes]
    ends = [(process.returncode, output) for process, output in zip(processes, outputs, strict=True)]
    (directory / "ends.json").write_text(json.dumps(ends))
