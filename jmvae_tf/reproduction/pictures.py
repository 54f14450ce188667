"""The figures of the 2018 paper, by the program's names for them."""

import pathlib
from collections.abc import Callable, Mapping

from jmvae_tf.reproduction import pictures_of_digits, pictures_of_faces
from jmvae_tf.reproduction.paper_table import PaperFigure
from jmvae_tf.reproduction.runs import Runs


def make_figure(name: str, runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws a figure, from runs that are trained and measured as far as they are not yet.

    Args:
      name: one of `recipes.FIGURES`.
      runs: of one scale, of data that the figure can be made of.
      folder: of its PNG files.

    Returns:
      Where they are, and the numbers behind them.
    """
    return _MAKERS[name](runs, folder)


_MAKERS: Mapping[str, Callable[[Runs, pathlib.Path], PaperFigure]] = {
    "3": pictures_of_digits.latent_representations,
    "4": pictures_of_digits.images_by_rounds,
    "5": pictures_of_digits.log_likelihood_by_rounds,
    "6": pictures_of_faces.faces_by_rounds,
    "7": pictures_of_faces.average_and_random_faces,
    "8": pictures_of_faces.edited_faces,
}
