"""The programs of bin/: one module each, which has its flags and calls one module of `tasks`."""
