"""The trained models that come with this package, and where they lie.

In a checkout they are in saved_models/shipped/, in an installed wheel beside the package's modules
(setup.py puts them there). What users train goes to saved_models/, so it hides none of these.
"""

import pathlib

FACES = "toyfaces-jmvae_kl_gan"
DIGITS = "mnist-jmvae_kl"
SHIPPED_TITLES = {FACES: "Drawn faces", DIGITS: "Handwritten digits"}
"""What they are of, for people."""

SHIPPED_NAMES = tuple(SHIPPED_TITLES)
"""All of them. serving/models.config, tools/ship_models.py and NOTICE have a part for each."""

_PACKAGE = pathlib.Path(__file__).parents[1]


def shipped_folder() -> pathlib.Path:
    """Returns the folder that has a folder for each shipped model."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent / "saved_models" / "shipped"


def saved_model_folder(name: str | pathlib.Path) -> pathlib.Path:
    """Returns the folder of a shipped model, or the path itself for any other text.

    A folder of your own that has the name of a shipped model needs a path, such as `./NAME`.

    Args:
      name: the name of a shipped model, or the path of a SavedModel or of the folder above its
        versions.
    """
    return shipped_folder() / name if name in SHIPPED_NAMES else pathlib.Path(name)


def served_model_folder(model: str) -> pathlib.Path:
    """Returns the folder of the export that a server has under a name.

    Args:
      model: the name: of a shipped model, even if saved_models/ has one of that name too, or of
        one in saved_models/ of the current folder.
    """
    return saved_model_folder(model if model in SHIPPED_NAMES else f"saved_models/{model}")
