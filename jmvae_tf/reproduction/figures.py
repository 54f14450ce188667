"""Maps the names of the 2018 paper's figures to the functions that draw them."""

import pathlib
from collections.abc import Callable, Mapping

from jmvae_tf.reproduction import figures_of_digits, figures_of_faces
from jmvae_tf.reproduction.paper_table import PaperFigure
from jmvae_tf.reproduction.runs import Runs


def make_figure(name: str, runs: Runs, folder: pathlib.Path) -> PaperFigure:
    """Draws a figure; trains and evaluates missing runs.

    Args:
      name: one of `recipes.FIGURES`.
      runs: the runs of one scale, on data that the figure supports.
      folder: folder for its PNG files.

    Returns:
      The files and the numbers that they show.
    """
    return _MAKERS[name](runs, folder)


_MAKERS: Mapping[str, Callable[[Runs, pathlib.Path], PaperFigure]] = {
    "3": figures_of_digits.latent_representations,
    "4": figures_of_digits.images_by_rounds,
    "5": figures_of_digits.log_likelihood_by_rounds,
    "6": figures_of_faces.faces_by_rounds,
    "7": figures_of_faces.average_and_random_faces,
    "8": figures_of_faces.edited_faces,
}
