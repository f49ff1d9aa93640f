"""What one file may take while it is read. An operator sets it (docs/settings.md); each refusal names its setting."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Unprocessable
from core.reasons import Reason

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """For one file, of a parser process and all that it starts."""

    seconds: float
    """LEVADA_EXTRACT_TIMEOUT, by the clock, without what pages take in Tesseract."""
    cpu_seconds: float
    """LEVADA_EXTRACT_CPU_SECONDS; the same."""
    memory: int
    """LEVADA_EXTRACT_MEMORY, bytes: resident in all processes together, and allocated by each; 0: no limit."""
    output: int
    """LEVADA_EXTRACT_OUTPUT, bytes of the document as core.document_json writes it."""
    disk: int
    """LEVADA_EXTRACT_DISK, bytes of temporary files and of files unpacked."""
    ocr_seconds: float
    """LEVADA_EXTRACT_OCR_TIMEOUT, by the clock, of each page that Tesseract reads: so much more for a page."""
    ocr_pages: int
    """LEVADA_EXTRACT_OCR_PAGES: for so many pages at most."""

    def out_of_time(self) -> Unprocessable:
        """It took longer."""
        return Unprocessable(Reason.TIMEOUT, f"not read within {self.seconds:g} s (LEVADA_EXTRACT_TIMEOUT)")

    def out_of_page_time(self) -> Unprocessable:
        """A page that Tesseract was to read took longer, and could not be left out."""
        return Unprocessable(Reason.TIMEOUT, f"a page not read within {self.ocr_seconds:g} s (LEVADA_EXTRACT_OCR_TIMEOUT)")

    def out_of_cpu(self) -> Unprocessable:
        """It computed longer."""
        return Unprocessable(Reason.TIMEOUT, f"not read within {self.cpu_seconds:g} s of CPU time (LEVADA_EXTRACT_CPU_SECONDS)")

    def out_of_memory(self) -> Unprocessable:
        """It took more."""
        return Unprocessable(
            Reason.TOO_LARGE, f"reading it takes more than {self.memory / MIB:,.0f} MiB of memory (LEVADA_EXTRACT_MEMORY)"
        )

    def dead_of_memory(self, taken: int, how: str) -> Unprocessable:
        """Its process died for want of more."""
        return Unprocessable(
            Reason.TOO_LARGE,
            f"the parser process had {taken / MIB:,.0f} MiB of the {self.memory / MIB:,.0f} MiB of memory that it may take "
            f"(LEVADA_EXTRACT_MEMORY) when it was {how}",
        )

    def out_of_disk(self) -> Unprocessable:
        """It wrote more."""
        return Unprocessable(
            Reason.TOO_LARGE, f"reading it takes more than {self.disk / MIB:,.0f} MiB of disk (LEVADA_EXTRACT_DISK)"
        )

    def too_much_output(self) -> Unprocessable:
        """Its document is larger."""
        return Unprocessable(
            Reason.TOO_LARGE, f"its document takes more than {self.output / MIB:,.0f} MiB (LEVADA_EXTRACT_OUTPUT)"
        )
