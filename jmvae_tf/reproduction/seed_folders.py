"""Where the runs of a seed lie, beside those of others. This module does not need TensorFlow."""

import pathlib
import re

_OF_SEED = re.compile(r"-seed-[1-9][0-9]*")


def usual_runs_dir(scale: str, data: str, seed: int) -> pathlib.Path:
    """Returns the folder of the runs of a scale, a data set and a seed.

    Args:
      scale: the name of the scale.
      data: the name of the data set.
      seed: 0 has the folder without a seed in its name.
    """
    return pathlib.Path("runs") / (_base(scale, data) + (f"-seed-{seed}" if seed else ""))


def folders_of_other_seeds(path: pathlib.Path, scale: str, data: str) -> list[pathlib.Path]:
    """Finds the folders of other seeds beside one that is named as `usual_runs_dir` names it.

    Args:
      path: the folder of the runs; if it has another name, none are beside it.
      scale: the name of the scale.
      data: the name of the data set.

    Returns:
      Folders that exist, in the order of their seeds.
    """
    base = _base(scale, data)

    def is_one(name: str) -> bool:
        rest = name.removeprefix(base)
        return name.startswith(base) and (not rest or _OF_SEED.fullmatch(rest) is not None)

    if not (is_one(path.name) and path.parent.is_dir()):
        return []
    found = [
        path.parent / x.name
        for x in path.parent.iterdir()
        if is_one(x.name) and x.name != path.name and x.is_dir()
    ]
    return sorted(found, key=lambda x: (len(x.name), x.name))


def _base(scale: str, data: str) -> str:
    return f"reproduce-{scale}" + ("" if data == "mnist" else f"-{data}")
