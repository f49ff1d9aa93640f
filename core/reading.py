"""How files are to be read: what an operator may choose, apart from limits. Part of the wanted state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    """Choices that change what a document holds."""

    keep_hidden: bool = False
    """LEVADA_HIDDEN_TEXT=keep: text that a reader would not see is kept; it is left out, and counted, by default."""
    ocr_languages: str = "eng"
    """LEVADA_OCR_LANGUAGES: what Tesseract looks for, e.g. "eng+por"."""

    @property
    def suffix(self) -> str:
        """What an extractor's key gets added: "" for the default policy, so that nothing is read anew without need."""
        default = ReadingPolicy()
        parts = ["+hidden"] if self.keep_hidden else []
        if self.ocr_languages != default.ocr_languages:
            parts.append(f"+ocr:{self.ocr_languages}")
        return "".join(parts)
