"""Bytes to text: which encoding a text is in."""
