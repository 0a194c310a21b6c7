"""Published standards, as data: see `standard.py`."""
