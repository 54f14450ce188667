"""Classes and texts that are numbers keep all their digits, whatever wrote the table."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jmvae_tf.data.own import separated_file
from jmvae_tf.data.own.number_texts import number_texts, sorted_numbers
from jmvae_tf.data.own.reading import read_table
from tests.helpers.own_data import write_frame

LARGE = 2**53
IDS = [LARGE, LARGE + 1, LARGE + 2, -LARGE - 1]
CLASSES = ("-9007199254740993", "9007199254740992", "9007199254740993", "9007199254740994")
LABEL = {"taxon": {"kind": "label", "column": "taxon"}}


def write(folder, suffix, column, manifest=None):
    """Writes a table of numbers and a column, and a manifest."""
    path = folder / f"table{suffix}"
    frame = pd.DataFrame({"x": np.arange(len(column)) % 7 + 0.5, "taxon": column})
    write_frame(frame, path)
    if manifest:
        (folder / "columns.json").write_text(json.dumps(manifest))
    return path


def classes_and_labels(path):
    table = read_table(path)
    classes = table.manifest.modalities["taxon"].classes
    return classes, [classes[x] for x in table.encoded.values["taxon"]]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("manifest", [None, LABEL])
def test_classes_beyond_the_whole_numbers_of_float64_stay_apart(tmp_path, suffix, manifest):
    column = IDS * 20
    classes, labels = classes_and_labels(write(tmp_path, suffix, column, manifest))
    assert classes == CLASSES
    assert labels == list(map(str, column))


def test_many_large_numbers_are_no_classes(tmp_path):
    column = [2**62 + x for x in range(400)]  # The same few numbers in float64.
    modalities = read_table(write(tmp_path, ".csv", column)).manifest.modalities
    assert modalities["numbers"].columns == ("x", "taxon")


def test_one_and_one_point_zero_are_one_class(tmp_path):
    manifest = {**LABEL, "x": {"kind": "numbers", "columns": ["x"]}}
    path = write(tmp_path, ".csv", ["1", "1.0", "2", "+2"] * 20, manifest)
    assert classes_and_labels(path) == (("1", "2"), ["1", "1", "2", "2"] * 20)


@pytest.mark.parametrize("sample", [2**20, 100])
def test_zeros_before_a_class_are_kept_wherever_they_are(tmp_path, monkeypatch, sample):
    monkeypatch.setattr(separated_file, "_SAMPLE", sample)
    column = [*["7", "12"] * 20, *["007"] * 20]  # The first is a code only further on.
    assert classes_and_labels(write(tmp_path, ".csv", column)) == (("007", "7", "12"), column)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_text_has_the_digits_of_its_cell(tmp_path, suffix):
    manifest = {"taxon": {"kind": "text", "column": "taxon"}}
    table = read_table(write(tmp_path, suffix, IDS * 5, manifest))
    text = table.manifest.modalities["taxon"]
    symbols = table.encoded.values["taxon"][:4]
    end = len(text.alphabet)
    found = ["".join(text.alphabet[x] for x in row if x != end) for row in symbols]
    assert found == list(map(str, IDS))


def test_numbers_as_texts():
    numbers = pa.array([3.0, 0.5, 2.0**53, 1e20, 7.0, 5.0, None])
    written = pa.array(["3.0", "0.50", "9007199254740993", "1e20", "007", "+5", None])
    digits = ["3", "0.5", "9007199254740993", "1e+20", "007", "5", None]
    assert number_texts(numbers, written).to_pylist() == digits
    short = ["3", "0.5", "9007199254740992.0", "1e+20", "7", "5", None]
    assert number_texts(numbers).to_pylist() == short
    assert sorted_numbers(["12", "7", "007", "-3", CLASSES[1], CLASSES[2], "0.5"]) == [
        *("-3", "0.5", "007", "7", "12", CLASSES[1], CLASSES[2])
    ]
