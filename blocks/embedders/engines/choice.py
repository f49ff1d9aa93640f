"""Which engine works here."""

from __future__ import annotations

import logging
from pathlib import Path

from blocks.embedders.engines.base import Engine, EngineUnavailable
from blocks.embedders.engines.conversion import CONVERSION, convert
from blocks.embedders.engines.converted import converted
from blocks.embedders.engines.openvino import OpenVinoEngine, import_openvino
from blocks.embedders.engines.quantization import quantize
from blocks.embedders.engines.torch import TorchEngine, cuda_present
from blocks.embedders.model_files import ModelFiles
from blocks.embedders.revision import revision

logger = logging.getLogger(__name__)


def load_engine(files: ModelFiles, models: Path, backend: str, precision: str, threads: int | None) -> Engine:
    """Load the model. `auto` is CUDA where there is a GPU, else OpenVINO, else torch with one warning in the log.

    Raises EngineUnavailable if the engine that was asked for cannot run, UsageError for settings that this machine cannot
    meet. int8 vectors are a space of their own, so nothing stands in for the engine that computes them.
    """
    if backend == "cuda" or (backend == "auto" and precision != "int8" and cuda_present()):
        return TorchEngine(files, "cuda", precision, threads)
    if backend == "torch":
        return TorchEngine(files, "cpu", precision, threads)
    try:
        return _openvino(files, models, precision, threads)
    except EngineUnavailable as exc:
        if backend == "openvino" or precision == "int8":
            raise
        logger.warning("OpenVINO cannot be used, so embedding is slower, by sentence-transformers on the CPU: %s", exc)
    return TorchEngine(files, "cpu", precision, threads)


def _openvino(files: ModelFiles, models: Path, precision: str, threads: int | None) -> Engine:
    import_openvino()  # before the models' folder is touched
    key = f"{revision(files, models)[:16]}-{CONVERSION}"
    if precision == "int8":

        def make(xml: Path) -> None:
            full = converted(models, files.name, f"{key}-fp32", lambda path: convert(files, path))
            quantize(files, full, xml)

        return OpenVinoEngine(files, converted(models, files.name, f"{key}-int8", make), precision, threads)
    return OpenVinoEngine(
        files, converted(models, files.name, f"{key}-fp32", lambda path: convert(files, path)), precision, threads
    )
