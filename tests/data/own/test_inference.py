import numpy as np
import pyarrow as pa
import pytest

from jmvae_tf.data.own.column_facts import gather_facts
from jmvae_tf.data.own.inference import infer
from jmvae_tf.data.own.layout import open_table
from jmvae_tf.data.own.manifest import Manifest
from tests.helpers.own_data import write_table


def _infer(tmp_path, columns, **given):
    """Returns what a table is taken for, modality to kind and columns, and all that is inferred."""
    names = list(columns)
    rows = [",".join(names), *(",".join(map(str, x)) for x in zip(*columns.values(), strict=True))]
    facts = gather_facts(open_table(write_table(tmp_path, rows)))
    inferred = infer(facts, Manifest("data", {}, **given))
    kinds = {x: (one.kind, *one.columns) for x, one in inferred.manifest.modalities.items()}
    return kinds, inferred


_NUMBERS = [i * 0.37 for i in range(60)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"a/{i}.JPG" for i in range(60)], "image"),
        ([f"{i}.png" if i % 15 else "" for i in range(60)], "image"),
        ([f"{i}.npy" for i in range(60)], "array"),
        (["yes", "No"] * 30, "attributes"),
        (["true", "", "false"] * 20, "attributes"),
        (["yes", "No", "TRUE", "0"] * 15, "attributes"),
        (["yes", 0, 1, -1] * 15, "label"),
        ([1, 0] * 30, "attributes"),
        ([1, -1] * 30, "attributes"),
        ([1, 0, -1] * 20, "label"),
        ([1, 2, 3] * 20, "label"),
        ([1, 2, 3.5] * 20, "numbers"),
        (list(range(100, 160)), "numbers"),
        ([i % 30 for i in range(60)], "numbers"),
        (["a", "b", ""] * 20, "label"),
        (["007", "008"] * 30, "label"),
    ],
)
def test_the_kind_of_a_column(tmp_path, values, kind):
    kinds, _ = _infer(tmp_path, {"c": values, "other": _NUMBERS})
    [found] = [x for x in kinds.values() if "c" in x]
    assert found[0] == kind


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("c", ["x"] * 60, "one value"),
        ("c", [""] * 60, "empty"),
        ("c", ["x", ""] * 30, "one value, else empty; write yes and no"),
        ("c", [f"{i}%" for i in range(60)], "60 texts such as '0%'; write numbers like 1234.5"),
        ("c", [i if i % 5 else "?" for i in range(60)], "48 numbers beside texts such as '?'"),
        ("c", list(range(60)), "identifies the rows"),
        ("c", list(range(1, 61)), "identifies the rows"),
        ("id", [f"a{i}" for i in range(60)], "identifies the rows"),
        ("c", [f"text {i}" for i in range(60)], '60 different texts; "kind": "text"'),
        ("split", ["train", "val", "test"] * 20, "the part of each row"),
        ("Split", ["train", "val", "test"] * 20, "the part of each row"),
        ("sample_weight", [1, 2, 3] * 20, "the weight of each row"),
    ],
)
def test_columns_that_are_no_modality_are_said(tmp_path, name, values, why):
    kinds, inferred = _infer(tmp_path, {name: values, "other": _NUMBERS})
    assert kinds == {"numbers": ("numbers", "other")}
    assert why in inferred.said[name]


def test_names_and_order_of_modalities(tmp_path):
    columns = {
        "class": ["a", "b"] * 30,
        "wet": ["yes", "no"] * 30,
        "Länge (mm)": _NUMBERS,
        "dry": ["no", "yes"] * 30,
        "left_file_name": [f"{i}.png" for i in range(60)],
        "file_name": [f"b/{i}.png" for i in range(60)],
        "Größe": ["x", "y", "z"] * 20,
        "2nd kind": ["x", "y", "z"] * 20,
        "numbers": ["x", "y", "z"] * 20,
    }
    kinds, _ = _infer(tmp_path, columns)
    assert list(kinds.items()) == [
        ("left", ("image", "left_file_name")),
        ("image", ("image", "file_name")),
        ("class_label", ("label", "class")),
        ("attributes", ("attributes", "wet", "dry")),
        ("numbers", ("numbers", "Länge (mm)")),
        ("Grosse", ("label", "Größe")),
        ("label_2nd_kind", ("label", "2nd kind")),
        ("numbers_2", ("label", "numbers")),
    ]


def test_a_column_of_parts_can_be_ignored(tmp_path):
    columns = {"split": ["up", "down"] * 30, "x": _NUMBERS}
    kinds, inferred = _infer(tmp_path, columns, ignore=("split",))
    assert inferred.manifest.split is None
    assert kinds == {"numbers": ("numbers", "x")}


def test_ids_are_keys_unless_they_group(tmp_path):
    columns = {"id": [f"s{i // 2}" for i in range(60)], "x": _NUMBERS}
    _, inferred = _infer(tmp_path, columns)
    assert inferred.manifest.key == "id"
    kinds, inferred = _infer(tmp_path, columns, group="id")
    assert inferred.manifest.key is None
    assert inferred.manifest.group == "id"
    assert kinds == {"numbers": ("numbers", "x")}


def test_facts_are_those_of_all_chunks():
    class Table:
        path = "t"

        def chunks(self):
            yield {"x": pa.array([0.0, 1.0]), "y": pa.array(["a", None])}
            yield {"x": pa.array([2.0, 3.0]), "y": pa.array(["b", "7"])}

    facts = gather_facts(Table())
    assert facts.rows == 4
    assert facts.columns["x"].is_sequence
    assert (facts.columns["x"].low, facts.columns["x"].high) == (0, 3)
    assert facts.columns["y"].counts == {"a": 1, "b": 1, "7": 1}
    assert facts.columns["y"].present == 3
    assert facts.columns["y"].numerals == 1


def test_a_column_of_numbers_that_goes_on_with_texts_is_read_as_texts(tmp_path, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.separated_file._SAMPLE", 40)
    rows = ["c,x", *(f"{i % 3},{i / 7:.3f}" for i in range(30)), *["other,0.5"] * 20]
    facts = gather_facts(open_table(write_table(tmp_path, rows)))
    assert facts.rows == 50
    assert not facts.columns["c"].is_number
    assert facts.columns["x"].is_number
    assert np.isclose(facts.columns["x"].high, 29 / 7, atol=1e-3)
