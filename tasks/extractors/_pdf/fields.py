"""What is written on a page rather than in it, and seen by its readers: values of form fields, typewritten notes, stamps."""

from __future__ import annotations

from typing import Any

_MOST = 5_000
"""Annotations of a page that are looked at."""
_SPECK = 0.02
"""Pixels a point: drawing the page, however small, makes PDFium give a look to fields that have a value and none."""


def made_part(page: Any) -> bool:
    """Make what is written on a pypdfium2 page part of it; True if the page is to be loaded anew for it to be read."""
    from pypdfium2 import raw

    written = (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP)
    others: list[int] = []
    found = bare = False
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) in written:
            found = True
            bare = bare or not raw.FPDFAnnot_HasKey(annotation, b"AP")
        else:
            others.append(index)
        raw.FPDFPage_CloseAnnot(annotation)
    if not found:
        return False
    for index in reversed(others):  # marks of a reviewer are no part of what is read
        raw.FPDFPage_RemoveAnnot(page.raw, index)
    if bare:
        page.render(scale=_SPECK / max(1.0, max(page.get_size()) / 1000)).close()
    return bool(raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS)
