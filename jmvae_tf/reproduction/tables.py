"""The papers' tables, theirs and ours side by side, by the program's names for them."""

from collections.abc import Callable, Mapping

from jmvae_tf.reproduction import table_1_of_2018, tables_of_2016
from jmvae_tf.reproduction.paper_table import Table
from jmvae_tf.reproduction.runs import Runs


def make_table(name: str, runs: Runs) -> Table:
    """A table of a paper, from runs that are trained and measured as far as they are not yet.

    Args:
      name: one of `recipes.TABLES`.
      runs: of one scale, of data that the table can be made of.
    """
    return _MAKERS[name](runs)


_MAKERS: Mapping[str, Callable[[Runs], Table]] = {
    "2018-1-mnist": table_1_of_2018.of_digits,
    "2018-1-celeba": table_1_of_2018.of_faces,
    "2016-1": tables_of_2016.table_1,
    "2016-2": tables_of_2016.table_2,
    "2016-3": tables_of_2016.table_3,
}
