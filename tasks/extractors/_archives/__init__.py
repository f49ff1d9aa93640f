"""Files in files: archives of every kind opened so that nothing in them can hurt, and how their members are handed over."""
