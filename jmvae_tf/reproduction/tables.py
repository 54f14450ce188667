"""Makes the papers' tables, with their numbers and ours, by the program's names."""

from collections.abc import Callable, Mapping

from jmvae_tf.reproduction import table_1_of_2018, tables_of_2016
from jmvae_tf.reproduction.paper_table import Table
from jmvae_tf.reproduction.runs import Runs


def make_table(name: str, runs: Runs) -> Table:
    """Makes a table of a paper; trains and evaluates missing runs.

    Args:
      name: one of `recipes.TABLES`.
      runs: the runs of one scale, on data that the table supports.
    """
    return _MAKERS[name](runs)


_MAKERS: Mapping[str, Callable[[Runs], Table]] = {
    "2018-1-mnist": table_1_of_2018.of_digits,
    "2018-1-celeba": table_1_of_2018.of_faces,
    "2016-1": tables_of_2016.table_1,
    "2016-2": tables_of_2016.table_2,
    "2016-3": tables_of_2016.table_3,
}
