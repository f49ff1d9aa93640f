"""Nouns and pure rules of Levada. Standard library only; imports nothing of ours."""
