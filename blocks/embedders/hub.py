"""Models of a hub, downloaded only because the user named one."""

from __future__ import annotations

import logging
from pathlib import Path

from core.errors import PermanentError, TransientError, UsageError

logger = logging.getLogger(__name__)

# A pattern's * matches slashes too, so the weights are named: hubs keep copies for other runtimes in subfolders.
_WANTED = ["*.json", "vocab.txt", "merges.txt", "*.model", "model*.safetensors", "?_*/*.safetensors"]


def download(model: str, cache: Path) -> Path:
    """Directory of the model's snapshot under `cache`; a snapshot already there is used as it is.

    Raises UsageError if the hub knows no such model, TransientError if it does not answer.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(model, cache_dir=cache, allow_patterns=_WANTED, local_files_only=True))
    except HFValidationError as exc:
        raise UsageError(f"{model!r} is neither a model directory nor a hub model's name") from exc
    except LocalEntryNotFoundError:
        logger.info("downloading the model %s into %s", model, cache)
    try:
        return Path(snapshot_download(model, cache_dir=cache, allow_patterns=_WANTED))
    except RepositoryNotFoundError as exc:
        raise UsageError(f"the hub knows no model {model!r}, or it needs a login") from exc
    except (HfHubHTTPError, LocalEntryNotFoundError) as exc:
        raise TransientError(f"the model {model!r} could not be downloaded: {str(exc).splitlines()[0]}") from exc
    except OSError as exc:
        raise PermanentError(f"the model {model!r} cannot be stored in {cache}: {exc}") from exc
