"""Picture files to pages in shades of grey, through Pillow: within limits, upright, on paper."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Unprocessable
from core.reasons import Reason

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 120_000_000
"""Of one page, as its header says; more is refused before it is unpacked. A3 at 600 dpi has 70 million."""
MAX_PAGES = 1_000
_BOMB = 1_000
"""Pixels for each byte of the file: a picture beyond MAX_PIXELS that is packed tighter is an attack."""
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "AVIF")
"""What Pillow reads by itself. Not EPS, which it hands to Ghostscript."""
_SUBFILE_TYPE = 254
_SMALLER_COPY = 1
_FAINT = 16
_PIXELS = re.compile(r"\((\d+) pixels\)")


@contextmanager
def opened(path: str) -> Iterator[Image.Image]:
    """The picture, not unpacked yet. Raises Unprocessable(CORRUPT, BOMB, TOO_LARGE), also for what Pillow raises inside."""
    from PIL import Image

    try:
        # Pillow warns of pictures of half the size that it refuses; ours is the limit that counts.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                yield image
    except (Unprocessable, MemoryError):
        raise
    except Image.DecompressionBombError as exc:
        pixels = _PIXELS.search(str(exc))
        raise _too_large(path, int(pixels[1]) if pixels else 2 * MAX_PIXELS) from exc
    # A damaged file makes Pillow's decoders raise anything: OSError, SyntaxError, ValueError, struct.error, KeyError...
    except Exception as exc:
        raise Unprocessable(Reason.CORRUPT, f"{type(exc).__name__}: {' '.join(str(exc).split())}"[:200]) from exc


def pages(image: Image.Image, path: str) -> Iterator[Image.Image]:
    """The frames of a TIFF file, without smaller copies of others; of any other format the first. Not unpacked yet.

    Raises Unprocessable(TOO_LARGE, BOMB).
    """
    for number in range(MAX_PAGES + 1):
        try:
            image.seek(number)
        except EOFError:
            return
        if number == MAX_PAGES:
            raise Unprocessable(Reason.TOO_LARGE, f"more than {MAX_PAGES:,} pages")
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(path, image.width * image.height)
        tags = getattr(image, "tag_v2", {})
        if number == 0 or not _is_smaller_copy(tags.get(_SUBFILE_TYPE)):
            yield image
        if image.format != "TIFF":
            return


def grey(image: Image.Image) -> Image.Image:
    """Unpacked, upright as its EXIF data says, in 8 bit; what shows through is paper. Raises whatever Pillow does."""
    image.load()
    upright = _upright(image)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        return _in_8_bit(upright)
    if upright.mode == "LAB":
        return upright.getchannel("L")
    if not upright.has_transparency_data:
        return upright.convert("L")
    layer = upright.convert("RGBA").convert("LA")
    shown = _on(layer, 255)
    low, high = _extremes(shown)
    return shown if high - low >= _FAINT else _on(layer, 0)  # white letters are meant for a dark ground


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF data says nothing about the picture
        return image


def _is_smaller_copy(subfile: object) -> bool:
    return isinstance(subfile, int) and bool(subfile & _SMALLER_COPY)


def _in_8_bit(image: Image.Image) -> Image.Image:
    """Deep shades of grey, spread over the range that they use: a scanner may fill 12 of 16 bits."""
    import numpy as np
    from PIL import Image

    shades = np.asarray(image, dtype=np.float32)
    shades = np.nan_to_num(shades, posinf=0.0, neginf=0.0)
    low, high = float(shades.min()), float(shades.max())
    spread = (shades - low) * (255.0 / max(high - low, 1.0)) if high > low else np.full_like(shades, 255.0)
    return Image.fromarray(spread.astype(np.uint8))


def _on(layer: Image.Image, ground: int) -> Image.Image:
    from PIL import Image

    paper = Image.new("L", layer.size, ground)
    paper.paste(layer.getchannel("L"), mask=layer.getchannel("A"))
    return paper


def _extremes(image: Image.Image) -> tuple[int, int]:
    low, high = image.getextrema()
    return int(low), int(high)  # type: ignore[arg-type]


def _too_large(path: str, pixels: int) -> Unprocessable:
    packed = max(1, Path(path).stat().st_size)
    reason = Reason.BOMB if pixels > packed * _BOMB else Reason.TOO_LARGE
    return Unprocessable(reason, f"a picture of {pixels:,} pixels; the limit is {MAX_PIXELS:,}")
