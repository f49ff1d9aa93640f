"""How pages are read: style sheets as far as they hide, the tree of what is shown, and the walk through it."""
