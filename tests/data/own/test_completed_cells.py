"""Estimates become cells as the table writes them."""

import numpy as np
import pytest

from jmvae_tf.data.own.completed_cells import Estimates, columns_beside, new_cells, yes_and_no
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns

NAN = np.nan


def cells_of(one, values, filled, **other):
    """The new cells of each column, without files."""
    estimates = Estimates(np.array(values, float), filled=np.array(filled, bool), **other)
    return new_cells(one, estimates, {}, lambda row, event: f"row {row}: {event.sum():g}")


def test_numbers_with_their_deviations():
    one = ModalityColumns("numbers", ("length_mm", "weight_g"))
    spread = np.array([[0, 0.5], [0, 0], [1, 2]])
    values = [[1, 123456.789], [2, 3], [1e-7 / 3, 5]]
    cells = cells_of(one, values, [[0, 1], [0, 0], [1, 1]], spread=spread)
    assert cells["length_mm"].rows.tolist() == [2]
    assert cells["length_mm"].values == [3.33333e-08]
    assert cells["weight_g"].rows.tolist() == [0, 2]
    assert cells["weight_g"].values == [123457.0, 5.0]
    assert cells["weight_g"].beside == [0.5, 2.0]


def test_the_likeliest_class_with_its_probability():
    one = ModalityColumns("label", ("kind",), classes=("cockle", "limpet"))
    values = [[0, 1], [0.7, 0.3], [NAN, NAN]]
    [cells] = cells_of(one, values, [[0, 0], [1, 1], [1, 1]], spread=None).values()
    assert (cells.rows.tolist(), cells.values, cells.beside) == ([1], ["cockle"], [0.7])


def test_attributes_in_the_words_of_their_column():
    one = ModalityColumns("attributes", ("red", "striped"))
    estimates = Estimates(np.array([[0.9, 0.2], [-1, 1]]), None, np.array([[1, 1], [0, 0]], bool))
    cells = new_cells(one, estimates, {"red": ("Yes", "No"), "striped": (1, -1)}, lambda *_: "")
    assert cells["red"] == ([0], ["Yes"], [0.9])
    assert cells["striped"] == ([0], [-1], [0.2])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["yes", "", "no"], ("yes", "no")),
        (["TRUE", None], ("TRUE", "FALSE")),
        (["No"], ("Yes", "No")),
        (["1", "-1"], ("1", "-1")),
        (["0", "1"], ("1", "0")),
        ([True, None], (True, False)),
        ([1, -1], (1, -1)),
        ([1.0, 0.0], (1, 0)),
        ([], ("yes", "no")),
    ],
)
def test_the_words_of_a_column(cells, words):
    assert yes_and_no(cells) == words


def test_texts_up_to_their_end():
    one = ModalityColumns("text", ("note",), alphabet="ab", length=3)
    event = np.eye(3)[[[1, 0, 2], [0, 2, 1]]]
    cells = cells_of(one, event, np.ones((2, 3, 3)), spread=np.array([0.5, 1]))["note"]
    assert (cells.values, cells.beside) == (["ba", "a"], [0.5, 1.0])


def test_images_are_files():
    one = ModalityColumns("image", ("photo",), size=(1, 2), channels=1)
    cells = cells_of(one, [[1, 2], [3, 4]], [[0, 0], [1, 1]], spread=None)["photo"]
    assert cells == ([1], ["row 1: 7"], None)


def test_draws_have_nothing_beside():
    one = ModalityColumns("label", ("kind",), classes=("a", "b"))
    cells = cells_of(one, [[0, 1]], [[1, 1]], spread=None, are_draws=True)["kind"]
    assert (cells.values, cells.beside) == (["b"], None)


def test_columns_beside_those_that_are_filled_in():
    manifest = Manifest(
        "shells",
        {
            "photo": ModalityColumns("image", ("file_name",)),
            "species": ModalityColumns("label", ("species",)),
            "measures": ModalityColumns("numbers", ("length_mm", "weight_g")),
        },
    )
    assert columns_beside(manifest, ["photo", "measures"]) == {
        "length_mm": "length_mm_sd",
        "weight_g": "weight_g_sd",
    }
