"""Compares folders by content and by time."""

import pathlib


def contents(path: pathlib.Path) -> dict[str, bytes | None]:
    """Reads everything below a path: relative name to bytes, None for a folder."""
    return {
        str(x.relative_to(path)): x.read_bytes() if x.is_file() else None for x in path.rglob("*")
    }


def times(path: pathlib.Path) -> dict[str, int]:
    """Returns when each file was last written."""
    return {str(file): file.stat().st_mtime_ns for file in path.rglob("*") if file.is_file()}
