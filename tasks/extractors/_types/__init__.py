"""What a file is, where its first bytes do not say it: texts by their content and their names (../media_type.py)."""
