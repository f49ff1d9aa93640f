"""Pages that are pictures: made ready, read by Tesseract, and what of that is text."""
