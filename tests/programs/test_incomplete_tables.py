"""Tables are completed and embedded without a change to what they have."""

import csv
import pathlib

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from jmvae_tf.data.own.incomplete_table import IncompleteTable
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.modalities_of_manifest import modalities_of
from jmvae_tf.data.own.table_writing import table_writer
from jmvae_tf.models.model_completer import ModelCompleter
from jmvae_tf.programs.common.run_or_export import ModelAndTable
from jmvae_tf.programs.tasks import incomplete_tables
from jmvae_tf.programs.tasks.completers import CompletingModel
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import small_model

MANIFEST = Manifest(
    "shells",
    {
        "photo": ModalityColumns("image", ("file_name",), "Gaussian", size=(4, 6), channels=1),
        "species": ModalityColumns(
            "label", ("species",), "Categorical", classes=("cockle", "limpet", "whelk")
        ),
        "traits": ModalityColumns("attributes", ("red", "striped"), "Bernoulli"),
        "measures": ModalityColumns(
            "numbers", ("length_mm", "pore_m"), "Gaussian", partly_observed=True
        ),
    },
)
HEADER = ["id", "file_name", "species", "red", "length_mm", "striped", "pore_m", "beach"]
ROWS = [
    ["007", "a.png", "whelk", "Yes", "12.50", "0", "1.0e-6", 'say "sand, sea"'],
    ["8", "a.png", "", "", "", "1", "NA", "x"],
    ["9", "", "cockle", "No", "", "", "2e-6", ""],
    ["10", "broken.png", "limpet", "Yes", "7", "1", "", ""],
    ["11", "", "", "", "", "", "", "nothing"],
]


def write_table(folder, suffix=".csv"):
    """Writes a table and its files."""
    cv2.imwrite(str(folder / "a.png"), np.arange(24, dtype=np.uint8).reshape(4, 6) * 10)
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:40])
    table = folder / f"table{suffix}"
    frame = pd.DataFrame(ROWS, columns=HEADER)
    if suffix == ".csv":
        frame.to_csv(table, index=False)
    else:
        for column in ("length_mm", "pore_m"):
            frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("float32")
        frame["striped"] = frame["striped"].map({"0": False, "1": True, "": None})
        frame["species"] = frame["species"].replace("", None).astype("category")
        frame["id"] = frame["id"].astype("int16")
        frame.replace("", None).to_parquet(table)
    return table


@pytest.fixture
def complete(monkeypatch, tmp_path):
    """Completes a table with an untrained model; returns the path of what was written."""
    modalities = modalities_of(MANIFEST)

    def ask(data, out="completed.csv", num_draws=None, model="jmvae_kl", task=None):
        completing = CompletingModel(ModelCompleter(small_model(model, modalities)), MANIFEST)
        monkeypatch.setattr(incomplete_tables, "load_completing_model", lambda *_: completing)
        chosen = ModelAndTable(None, tmp_path, data, tmp_path / "prepared", tmp_path / out)
        if task:
            task(chosen, {}, 0)
        else:
            incomplete_tables.complete_table(chosen, {}, 3, num_draws, 0)
        return tmp_path / out

    return ask


def rows_of(path):
    """The rows of a CSV file."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_empty_cells_are_filled_and_all_others_stay(complete, tmp_path, capsys):
    rows = rows_of(complete(write_table(tmp_path)))
    assert list(rows[0]) == [
        *["id", "file_name", "species", "species_probability", "red", "red_probability"],
        *["length_mm", "length_mm_sd", "striped", "striped_probability", "pore_m", "pore_m_sd"],
        "beach",
    ]
    for row, before in zip(rows, ROWS, strict=True):
        for column, cell in zip(HEADER, before, strict=True):
            if cell not in ("", "NA") or column == "beach":
                assert row[column] == cell
                beside = [x for x in row if x in (f"{column}_sd", f"{column}_probability")]
                assert not any(row[x] for x in beside)
            else:
                assert row[column] not in ("", "NA")
    second = rows[1]
    assert second["species"] in ("cockle", "limpet", "whelk")
    assert second["red"] in ("Yes", "No")
    assert 1 / 3 <= float(second["species_probability"]) <= 1
    assert float(second["length_mm_sd"]) > 0
    assert rows[2]["striped"] in ("1", "0")
    made = [row["file_name"] for row in rows if row["file_name"].startswith("completed_files/")]
    assert made == ["completed_files/photo/row_000003.png", "completed_files/photo/row_000005.png"]
    assert cv2.imread(str(tmp_path / made[0])).shape == (4, 6, 3)
    printed = capsys.readouterr().out
    assert "species 2" in " ".join(printed.split())
    assert "broken.png" in printed


@pytest.mark.slow
def test_a_table_of_excel_stays_one(complete, tmp_path, capsys):
    table = write_table(tmp_path)
    text = table.read_text().replace(",", ";").replace(".50", ",50").replace("1.0e", "1,0e")
    table.write_text(text, "utf-8-sig")
    (tmp_path / "other").mkdir()
    content = complete(table, "other/completed.csv").read_text("utf-8")
    assert content.startswith("\ufeffid;file_name;species;species_probability;red;")
    rows = [line.split(";") for line in content.splitlines()]
    place = rows[0].index("length_mm")
    lengths, deviations = ([row[x] for row in rows[1:]] for x in (place, place + 1))
    assert lengths[0] == "12,50"
    assert all("." not in x for x in (*lengths, *deviations))
    assert float(lengths[1].replace(",", ".")) != 0
    printed = capsys.readouterr().out
    assert f"files that the table had are named from {tmp_path}, new ones from" in printed


def test_columns_that_a_table_lacks_are_said(complete, tmp_path, capsys):
    (tmp_path / "a.csv").write_text("species\nwhelk\n")
    complete(tmp_path / "a.csv")
    printed = capsys.readouterr().out
    assert "columns that the table did not have: file_name, red, striped, length_mm" in printed
    (tmp_path / "b.csv").write_text("Species;sizes\nwhelk;1\n")
    with pytest.raises(
        UserError, match=r"b\.csv with Species, sizes; rename them; the model knows"
    ):
        complete(tmp_path / "b.csv")


@pytest.mark.slow
def test_parquet_keeps_its_types(complete, tmp_path):
    table = write_table(tmp_path, ".parquet")
    before, after = pq.read_table(table), pq.read_table(complete(table, "completed.parquet"))
    assert [after.schema.field(x).type for x in HEADER] == [
        before.schema.field(x).type for x in HEADER
    ]
    assert after.drop_columns([x for x in after.column_names if x not in HEADER]).num_rows == 5
    for column in HEADER:
        cells = zip(
            before.column(column).to_pylist(), after.column(column).to_pylist(), strict=True
        )
        assert all(new == old for old, new in cells if old is not None)
    assert after.column("length_mm").null_count == 0
    assert set(after.column("striped").to_pylist()) <= {True, False}


@pytest.mark.slow
def test_draws_are_tables_of_their_own(complete, tmp_path):
    complete(write_table(tmp_path), num_draws=2)
    first, second = (rows_of(tmp_path / f"completed_{draw}.csv") for draw in (1, 2))
    assert list(first[0]) == HEADER
    assert first[0] == second[0]
    assert first[1]["length_mm"] != second[1]["length_mm"]
    assert (tmp_path / "completed_2_files" / "photo" / "row_000003.png").is_file()


def test_columns_that_a_table_lacks_are_added(complete, tmp_path):
    write_table(tmp_path)
    table = tmp_path / "photos.csv"
    table.write_text("file_name\na.png\n")
    [row] = rows_of(complete(table))
    assert row["file_name"] == "a.png"
    assert all(row[x] for x in ("species", "red", "striped", "length_mm", "pore_m"))


def test_columns_that_would_be_added_twice(complete, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("length_mm,length_mm_sd\n1,2\n,\n")
    with pytest.raises(UserError, match="length_mm_sd"):
        complete(table)
    assert not (tmp_path / "completed.csv").exists()


def test_rows_without_a_condition_stay(complete, tmp_path, capsys):
    rows = rows_of(complete(write_table(tmp_path), model="cvae"))
    assert [row["file_name"] for row in rows][2:] == ["", "broken.png", ""]
    assert "species_probability" not in rows[0]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_embedding(complete, tmp_path, suffix):
    out = complete(write_table(tmp_path), f"embedded{suffix}", task=incomplete_tables.embed_table)
    frame = pd.read_csv(out) if suffix == ".csv" else pd.read_parquet(out)
    names = ["z1", "z2", "z3"]
    assert list(frame) == ["id", "file_name", "beach", *names, *(f"{x}_sd" for x in names)]
    assert len(frame) == 5
    np.testing.assert_array_equal(frame.loc[4, names].astype(float), 0)  # The prior.
    np.testing.assert_array_equal(frame.loc[4, [f"{x}_sd" for x in names]].astype(float), 1)
    assert np.isfinite(frame[names].to_numpy(float)).all()


@pytest.mark.slow
def test_a_table_of_many_parts(complete, tmp_path, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.incomplete_table._ROWS_AT_ONCE", 2)
    rows = rows_of(complete(write_table(tmp_path)))
    assert [row["id"] for row in rows] == [row[0] for row in ROWS]
    assert all(row["pore_m"] not in ("", "NA") for row in rows)
    assert pathlib.Path(tmp_path / rows[4]["file_name"]).name == "row_000005.png"


@pytest.mark.slow
def test_a_part_of_large_rows_has_few(complete, tmp_path, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.incomplete_table._VALUES_AT_ONCE", 70)  # Two rows.
    rows = rows_of(complete(write_table(tmp_path)))
    assert [row["id"] for row in rows] == [row[0] for row in ROWS]


@pytest.mark.parametrize(("out", "num_draws"), [("metadata.csv", None), ("metadata.csv", 2)])
def test_the_table_of_a_folder_is_not_written_over(complete, tmp_path, out, num_draws):
    folder = tmp_path / "shells"
    folder.mkdir()
    name = "metadata.csv" if num_draws is None else "metadata_2.csv"
    table = write_table(folder).rename(folder / name)
    before = table.read_bytes()
    with pytest.raises(UserError, match="not written over the one that is read"):
        complete(folder, f"shells/{out}", num_draws)
    with pytest.raises(UserError, match="not written over the one that is read"):
        complete(folder, f"shells/{name}", task=incomplete_tables.embed_table)
    assert table.read_bytes() == before
    assert not (folder / "metadata_1.csv").exists()


@pytest.mark.slow
def test_a_column_that_is_called_rows(tmp_path, complete, capsys):
    table = write_table(tmp_path)
    table.write_text(table.read_text().replace("beach", "rows"))
    complete(table)
    assert "of 5 rows filled in" in capsys.readouterr().out


def test_names_of_files_are_printed_without_control_characters(tmp_path, complete, capsys):
    table = write_table(tmp_path)
    (tmp_path / "broken.png").rename(tmp_path / "brok\x1ben.png")
    table.write_text(table.read_text().replace("broken.png", "brok\x1ben.png"))
    complete(table)
    assert "1 not readable: brok\\x1ben.png" in capsys.readouterr().out


def test_classes_that_are_whole_numbers_in_json_stay_these(tmp_path):
    classes = ("9007199254740992", "9007199254740993")
    label = ModalityColumns("label", ("taxon",), "Categorical", classes=classes)
    path = tmp_path / "table.jsonl"
    path.write_text('{"taxon": 9007199254740993, "x": 1}\n{"x": 2}\n')
    table = IncompleteTable(path, tmp_path, Manifest("shells", {"taxon": label}))
    [part] = table.parts()
    np.testing.assert_array_equal(part.data["taxon"], [[0, 1], [np.nan, np.nan]])
    schema = table.schema(["taxon", "x"], {})
    with table_writer(tmp_path / "completed.jsonl", schema) as write:
        write(part.cells.assign(taxon=[part.cells["taxon"][0], classes[0]]))
    lines = (tmp_path / "completed.jsonl").read_text().splitlines()
    assert lines == ['{"taxon": 9007199254740993, "x": 1}', '{"taxon": 9007199254740992, "x": 2}']
