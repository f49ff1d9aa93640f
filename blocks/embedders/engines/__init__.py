"""What computes the vectors of a sentence-transformers model: one engine a file."""
