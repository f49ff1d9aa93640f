"""One file for each command of `levada`."""
