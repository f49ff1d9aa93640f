"""A parser process from both sides: how it is started, confined, watched and ended (../parser_pool.py, ../limits.py)."""
