"""XML read so that nothing in it can hurt: the sound parts of office files, and documents of anybody's making."""
