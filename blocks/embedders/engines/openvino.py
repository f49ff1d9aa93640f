"""OpenVINO on the CPU: the fast path. Needs neither torch nor transformers once the model is converted."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from blocks.embedders.batches import by_width, padded_width, windows
from blocks.embedders.engines.base import EngineUnavailable, Vectors
from blocks.embedders.model_files import ModelFiles
from blocks.embedders.tokenizer import load_tokenizer, printable
from core.errors import PermanentError, UsageError

if TYPE_CHECKING:
    import openvino
    from tokenizers import Tokenizer as FastTokenizer

TOKENS_PER_BATCH = 768
"""Measured on two cores: 640 to 1,280 are equally fast, and a small batch is soon done."""
FIRST_WINDOW = 64
WINDOW = 512
"""Texts that are tokenized and sorted by length together: enough for even batches, little to hold in memory."""
BATCHES_AHEAD = 64
"""Batches waiting for a stream; more would only hold token ids."""

Ids = npt.NDArray[np.int32]


def import_openvino() -> Any:
    """The openvino package. Raises EngineUnavailable if it is missing or does not load on this machine.

    Merely importing openvino sends usage statistics through openvino_telemetry when that is installed; without it, it
    works the same in silence. So it is hidden first.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as exc:
        raise EngineUnavailable(f"OpenVINO cannot be imported: {exc}") from exc
    # Every inference asks for this, and two threads that ask first, together, wait for each other for ever (2026.4: in a
    # third of all tries): one fills a table under a lock of C++ and needs Python's lock for it, which the other holds.
    openvino.Type.i64.to_dtype()
    return openvino


class OpenVinoEngine:
    """A converted model, compiled for this CPU: one stream of inference for every core, fed by as many threads."""

    def __init__(self, files: ModelFiles, model: Path, precision: str = "auto", threads: int | None = None) -> None:
        """`model` is the converted model's .xml; `precision` is auto, fp32, bf16 or int8.

        Raises EngineUnavailable if OpenVINO does not work here, UsageError for a precision that this CPU does not have.
        """
        ov = import_openvino()
        try:
            core = ov.Core()
            self._compiled: openvino.CompiledModel = core.compile_model(model, "CPU", _options(core, precision, threads))
            streams = int(self._compiled.get_property("NUM_STREAMS"))
        except RuntimeError as exc:
            raise EngineUnavailable(f"OpenVINO does not run {model}: {str(exc).strip().splitlines()[-1]}") from exc
        self._tokenizer = load_tokenizer(files, truncate=True)
        self._before, self._after = _special_tokens(self._tokenizer)
        self._pad = self._tokenizer.token_to_id(files.pad_token) or 0
        self._dimension = files.dimension
        self._window = files.window
        # OpenVINO 2026.4 with AMX: a row as long as an attention head is wide comes out wrong in int8 (cosine down to 0.85).
        self._never = files.head_size if precision == "int8" else 0
        # One request more than streams: the next batch waits inside OpenVINO when a stream gets free, not behind the GIL.
        workers = streams + 1
        self._requests: SimpleQueue[openvino.InferRequest] = SimpleQueue()
        for _ in range(workers):
            self._requests.put(self._compiled.create_infer_request())
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="levada-embed")

    def embed(self, texts: list[str], ids: Sequence[bytes] | None = None) -> Vectors:
        """Tokenizes a window of texts, unless their `ids` are known, while the streams work on the one before."""
        vectors = np.empty((len(texts), self._dimension), np.float32)
        pending: deque[Future[None]] = deque()
        try:
            for window in windows(len(texts), FIRST_WINDOW, WINDOW):
                tokens = self._tokenized(texts, window) if ids is None else self._framed(ids, window)
                widths = [padded_width(len(row), self._window, self._never) for row in tokens]
                for batch in by_width(widths, TOKENS_PER_BATCH):
                    width = widths[batch[0]]
                    pending.append(
                        self._workers.submit(self._infer, [tokens[row] for row in batch], width, batch + window.start, vectors)
                    )
                while len(pending) > BATCHES_AHEAD:
                    pending.popleft().result()
            for future in pending:
                future.result()
        except BaseException:
            # Also on Ctrl-C: what has not begun is not begun any more, or the exit would wait for it.
            _cancel(pending)
            raise
        return vectors

    def close(self) -> None:
        """Stop the threads and let go of the model."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        while not self._requests.empty():
            self._requests.get()
        del self._compiled

    def _tokenized(self, texts: list[str], window: range) -> list[Ids]:
        encodings = self._tokenizer.encode_batch_fast([printable(texts[row]) for row in window])
        return [np.array(encoding.ids, np.int32) for encoding in encodings]

    def _framed(self, ids: Sequence[bytes], window: range) -> list[Ids]:
        """Token ids that are known, between the special ones, cut where the tokenizer would cut them."""
        most = self._window * 4 - len(self._before) - len(self._after)
        return [np.frombuffer(self._before + ids[row][:most] + self._after, np.int32) for row in window]

    def _infer(self, ids: list[Ids], width: int, rows: npt.NDArray[np.intp], vectors: Vectors) -> None:
        input_ids = np.full((len(ids), width), self._pad, np.int64)
        mask = np.zeros((len(ids), width), np.int64)
        for row, tokens in enumerate(ids):
            input_ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        request = self._requests.get()
        try:
            found = request.infer([input_ids, mask], share_inputs=True, share_outputs=True)[0]
            # The model normalises, but in bf16 only to three digits.
            vectors[rows] = found / np.linalg.norm(found, axis=1, keepdims=True)
        except RuntimeError as exc:
            raise PermanentError(f"OpenVINO failed on a batch of shape {mask.shape}: {exc}; try LEVADA_BACKEND=torch") from exc
        finally:
            self._requests.put(request)


def _special_tokens(tokenizer: FastTokenizer) -> tuple[bytes, bytes]:
    """What the tokenizer puts before and after every text: ids, four bytes each."""
    encoding = tokenizer.encode("a")
    special = np.array(encoding.special_tokens_mask, bool)
    own = np.flatnonzero(~special)
    ids = np.array(encoding.ids, np.int32)
    return ids[: own[0]].tobytes(), ids[own[-1] + 1 :].tobytes()


def _cancel(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.cancel()


def _options(core: openvino.Core, precision: str, threads: int | None) -> dict[str, Any]:
    bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not bf16:
        raise UsageError("this CPU computes no bf16 (it needs AVX512-BF16 or AMX): set precision to auto or fp32")
    # Said outright, because OpenVINO's own default depends on the CPU.
    hint = "bf16" if bf16 and precision != "fp32" else "f32"
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_PRECISION_HINT": hint,
        # Parsers and the store work beside us: a pinned thread would wait for its core while another one idles.
        "ENABLE_CPU_PINNING": False,
    }
    threads = threads or cpu_quota()
    if threads is not None:
        options |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads}
    return options


def cpu_quota(limits: Path = Path("/sys/fs/cgroup/cpu.max")) -> int | None:
    """CPUs that a container may use, if that is less than what it sees; None without such a limit."""
    if not limits.exists():
        return None
    quota, _, period = limits.read_text().partition(" ")
    if quota == "max":
        return None
    cpus = max(1, int(quota) // int(period))
    return cpus if cpus < len(os.sched_getaffinity(0)) else None
