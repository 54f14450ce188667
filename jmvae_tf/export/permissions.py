"""Warns if a server of another user cannot read an export."""

import pathlib
import stat
import sys

_FOLDER, _FILE = stat.S_IROTH | stat.S_IXOTH, stat.S_IROTH


def warn_if_private(version: pathlib.Path) -> None:
    """Prints a line on standard error if other users cannot read an export.

    Args:
      version: its folder, for example "saved_models/mnist-jmvae_kl/1".
    """
    for path in [version, *sorted(version.rglob("*"))]:
        needed = _FOLDER if path.is_dir() else _FILE
        if path.stat().st_mode & needed != needed:
            folder = version.parent
            print(
                f"warning: only this user can read {version} (see umask), a server of another user "
                f"cannot; to allow it, run chmod -R go+rX {folder}",
                file=sys.stderr,
            )
            return
