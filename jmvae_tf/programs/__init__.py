"""The programs of bin/: one module each, flags and one call."""
