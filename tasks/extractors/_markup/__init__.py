"""Inline markup of text formats taken off, and their drawn tables."""
