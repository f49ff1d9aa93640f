"""int8 by post-training quantisation: nncf's mixed preset for transformers. Needs the extra levada[int8]."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from blocks.embedders.engines.calibration import calibration_texts
from blocks.embedders.engines.openvino import import_openvino
from blocks.embedders.model_files import ModelFiles
from blocks.embedders.tokenizer import load_tokenizer
from core.errors import PermanentError


def quantize(files: ModelFiles, full: Path, xml: Path) -> None:
    """Write the int8 form of the converted model `full` to `xml`, its ranges measured on the calibration texts.

    Raises PermanentError if nncf is not installed or refuses the model.
    """
    ov = import_openvino()
    try:
        import nncf
    except ImportError as exc:
        raise PermanentError("precision int8 needs nncf: pip install levada[int8]") from exc
    logging.getLogger("nncf").setLevel(logging.ERROR)
    tokenizer = load_tokenizer(files, truncate=True)

    def inputs(text: str) -> list[npt.NDArray[np.int64]]:
        encoding = tokenizer.encode(text)
        return [np.array([encoding.ids], np.int64), np.array([encoding.attention_mask], np.int64)]

    texts = calibration_texts()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = nncf.quantize(
                ov.Core().read_model(full),
                nncf.Dataset(texts, inputs),
                subset_size=len(texts),
                preset=nncf.QuantizationPreset.MIXED,
                model_type=nncf.ModelType.TRANSFORMER,
            )
    except RuntimeError as exc:
        raise PermanentError(f"{files.name} cannot be quantised: {exc}; set precision to auto") from exc
    ov.save_model(model, xml, compress_to_fp16=False)
