"""Makes the papers' tables, with their numbers and ours, by the program's names."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from jmvae_tf.reproduction import table_1_of_2018, tables_of_2016
from jmvae_tf.reproduction.measures import GENERATION, Measures, generation
from jmvae_tf.reproduction.paper_table import Table
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.runs import Runs


class _Maker(NamedTuple):
    """What makes a table.

    Attributes:
      make: makes it.
      measure: trains and measures one run as the table needs it, as far as it is not done.
      measures_name: maps a run to the name of these measures.
    """

    make: Callable[[Runs], Table]
    measure: Callable[[Runs, Recipe], Measures]
    measures_name: Callable[[Recipe], str]


def make_table(name: str, runs: Runs) -> Table:
    """Makes a table of a paper; trains and evaluates missing runs.

    Args:
      name: one of `recipes.TABLES`.
      runs: the runs of one scale, on data that the table supports.
    """
    return _MAKERS[name].make(runs)


def measure_for_table(name: str, runs: Runs, recipe: Recipe) -> None:
    """Trains and measures one run of a table, as far as it is not done.

    Args:
      name: see `make_table`.
      runs: see `make_table`.
      recipe: one of the table's.
    """
    _MAKERS[name].measure(runs, recipe)


def measures_for_table(name: str, recipe: Recipe) -> str:
    """Returns the name of the measures that a table needs of one of its runs."""
    return _MAKERS[name].measures_name(recipe)


def _of_2018(make: Callable[[Runs], Table]) -> _Maker:
    return _Maker(make, generation, lambda recipe: GENERATION)


def _of_2016(make: Callable[[Runs], Table]) -> _Maker:
    return _Maker(make, tables_of_2016.measured_run, tables_of_2016.measures_name)


_MAKERS: Mapping[str, _Maker] = {
    "2018-1-mnist": _of_2018(table_1_of_2018.of_digits),
    "2018-1-celeba": _of_2018(table_1_of_2018.of_faces),
    "2016-1": _of_2016(tables_of_2016.table_1),
    "2016-2": _of_2016(tables_of_2016.table_2),
    "2016-3": _of_2016(tables_of_2016.table_3),
}
