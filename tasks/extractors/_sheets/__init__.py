"""Spreadsheets: their rows as elements, and how cells are shown."""
