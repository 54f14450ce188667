"""The programs of bin/: each module defines flags and calls a module of `tasks`."""
