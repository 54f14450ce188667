"""Mistakes of users with their own data: one line each, which names the file, row and column."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from jmvae_tf.data.own.path_source import load
from jmvae_tf.runtime.errors import UserError
from tests.helpers.own_data import read_rows, write_image, write_shells, write_table

MISTAKES = {}


def mistake(message, name="shells"):
    """Registers a function that damages a folder; the message is a pattern of what is said."""

    def register(damage):
        MISTAKES[damage.__name__.strip("_")] = (damage, message, name)
        return damage

    return register


def change(folder, row, old, new, times=1):
    """Replaces text in a row, counted as in a spreadsheet; 0 for all rows but the first."""
    rows = read_rows(folder)
    for place in [row - 1] if row else range(1, len(rows)):
        assert old in rows[place]
        rows[place] = rows[place].replace(old, new, times)
    write_table(folder, rows)


def manifest(folder, **entries):
    about_all = entries.pop("about_all", {})
    (folder / "columns.json").write_text(json.dumps({**entries, "": about_all}))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_shells(tmp_path_factory.mktemp("whole") / "shells")


# The path.


@mistake("where there is nothing", name="shellz")
def a_path_that_is_not_there(folder):
    pass


@mistake(r"shells with no files")
def an_empty_folder(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@mistake(r"shells with one\.csv, other\.csv; name the table")
def two_tables(folder):
    (folder / "metadata.csv").rename(folder / "one.csv")
    write_table(folder, ["a,b", "1,2"], "other.csv")


@mistake(r"a folder in the folder of a class")
def a_folder_of_folders(folder):
    (folder / "metadata.csv").unlink()
    write_image(folder / "photos" / "old" / "1.png")


@mistake(r"shells with 40 \.gif.*convert them")
def images_of_another_format(folder):
    (folder / "metadata.csv").unlink()
    for path in (folder / "photos").iterdir():
        path.rename(path.with_suffix(".gif"))


@mistake(r"shells: b'photos.*\\xff.*'; rename it", name="shells")
def a_name_of_a_file_that_is_no_text(folder):
    (folder / "metadata.csv").unlink()
    os.rename(folder / "photos" / "0.png", os.fsencode(folder / "photos") + b"/\xff.png")


# The table as a file.


@mistake(r"metadata\.csv, which is empty")
def an_empty_file(folder):
    (folder / "metadata.csv").write_text("")


@mistake(r"metadata\.csv with none; add some")
def a_table_without_rows(folder):
    write_table(folder, read_rows(folder)[:1])


@mistake(r"metadata\.csv with none; add some")
def names_of_columns_without_a_line_break(folder):
    (folder / "metadata.csv").write_text("a,b")


@mistake(r"metadata\.csv: sep=;, which only Excel reads; remove this row")
def a_line_for_excel(folder):
    write_table(folder, ["sep=;", *read_rows(folder)])


@mistake(
    r"metadata\.csv: row 30, column 'note': found 28.*goes on to the end.*; close these quotes"
)
def quotes_that_do_not_end(folder):
    change(folder, 30, "found", '"found')


@mistake(r"metadata\.csv: column 7, ''; name the column, or remove it")
def a_comma_at_the_end_of_each_row(folder):
    write_table(folder, [f"{row}," for row in read_rows(folder)])


@mistake(r"metadata\.csv: row 5 with 7 cells for 6 columns.*put quotes around a cell .*comma")
def a_comma_too_many(folder):
    change(folder, 5, "found", "found, yes")


@mistake(r"metadata\.csv: row 7 with 4 cells for 6 columns.*add the missing cells")
def a_row_that_is_cut_off(folder):
    rows = read_rows(folder)
    rows[6] = ",".join(rows[6].split(",")[:4])
    write_table(folder, rows)


@mistake(r"metadata\.csv: 'species' 2 times")
def two_columns_of_one_name(folder):
    change(folder, 1, "striped", "species")


@mistake(r"metadata\.csv: column 3, ''")
def a_column_without_a_name(folder):
    change(folder, 1, "striped", "")


@mistake(r"metadata\.csv: 1, 2, 3; add such a row")
def no_row_of_names(folder):
    write_table(folder, ["1,2,3", "4,5,6"])


@mistake(
    r"metadata\.csv: row 4, column 'species': col\u00e9, perhaps in Latin-1; save it as CSV UTF-8"
)
def latin_1(folder):
    change(folder, 4, "whelk", "colé")
    text = (folder / "metadata.csv").read_text("utf-8")
    (folder / "metadata.csv").write_bytes(text.encode("latin-1"))


@mistake(r"metadata\.csv, which is UTF-16; save it as CSV UTF-8")
def utf_16(folder):
    text = (folder / "metadata.csv").read_text("utf-8")
    (folder / "metadata.csv").write_bytes(text.encode("utf-16"))


@mistake(r"metadata\.csv, which is a spreadsheet or a zip; save it as CSV UTF-8")
def a_spreadsheet_called_csv(folder):
    (folder / "metadata.csv").write_bytes(b"PK\x03\x04" + bytes(50))


@mistake(r"metadata\.csv: one column, 'a b c'; save it as CSV with commas")
def columns_between_spaces(folder):
    write_table(folder, ["a b c", *("1 2 3" for _ in range(30))])


@mistake(r"metadata\.parquet: .*; save it again")
def a_damaged_parquet(folder):
    path = folder / "metadata.csv"
    pd.read_csv(path).to_parquet(folder / "metadata.parquet")
    path.unlink()
    content = (folder / "metadata.parquet").read_bytes()
    (folder / "metadata.parquet").write_bytes(content[:200])


@mistake(r"metadata\.jsonl: row 3, .*; mend that line")
def a_damaged_line_of_json(folder):
    path = folder / "metadata.csv"
    pd.read_csv(path).to_json(folder / "metadata.jsonl", orient="records", lines=True)
    path.unlink()
    lines = (folder / "metadata.jsonl").read_text().splitlines()
    lines[2] = lines[2][:40]
    (folder / "metadata.jsonl").write_text("\n".join(lines))


@mistake(r"metadata\.jsonl: row 2, column 'b': a list; .* arrays as \.npy files")
def lists_in_cells(folder):
    manifest(folder, b={"kind": "label", "column": "b"})
    (folder / "metadata.csv").unlink()
    lines = [{"a": i, "b": [i, 2] if i == 2 else i} for i in range(1, 30)]
    text = "\n".join(map(json.dumps, lines))
    (folder / "metadata.jsonl").write_text(text)


@mistake(r"metadata\.jsonl: row 1, no object; mend that line")
def a_list_of_objects(folder):
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text(json.dumps([{"a": 1.5}, {"a": 2.5}]))


@mistake(r"metadata\.jsonl: row 2, column 'a', a number of more than 64 bits; mend that line")
def a_number_of_thirty_digits(folder):
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text('{"a": 1}\n{"a": 100000000000000000000000000000}\n')


@mistake(r"metadata\.jsonl: .*; save it as that")
def utf_16_in_json(folder):
    (folder / "metadata.csv").unlink()
    (folder / "metadata.jsonl").write_text('{"a": 1}\n', "utf-16")


# Cells.


@mistake(r"metadata\.csv: row 9, column 'length_mm': 'about 30' among 39 numbers")
def two_types_in_a_column(folder):
    rows = read_rows(folder)
    cells = rows[8].split(",")
    rows[8] = ",".join([*cells[:3], "about 30", *cells[4:]])
    write_table(folder, rows)


@mistake(r"metadata\.csv: row 9, column 'weight_g': inf; empty it")
def an_infinite_number(folder):
    rows = read_rows(folder)
    cells = rows[8].split(",")
    rows[8] = ",".join([*cells[:4], "inf", *cells[5:]])
    write_table(folder, rows)


@mistake(r"metadata\.csv: row 3, column 'id': 1; remove the row")
def duplicate_ids(folder):
    rows = read_rows(folder)
    ids = ["id", 1, 1, *range(3, len(rows))]
    write_table(folder, [f"{x},{row}" for x, row in zip(ids, rows, strict=True)])


@mistake(r"metadata\.csv: row 4, column 'split': 'trian'; mend it")
def a_part_with_a_typo(folder):
    rows = read_rows(folder)
    parts = ["split", "train", "test", "trian", *["train"] * (len(rows) - 4)]
    write_table(folder, [f"{row},{x}" for x, row in zip(parts, rows, strict=True)])


@mistake(r"metadata\.csv: row 4, column 'Split': 'holdout'; mend it, or ignore the column in")
def a_part_of_another_name(folder):
    rows = read_rows(folder)
    parts = ["Split", "train", "Test", "holdout", *["Val"] * (len(rows) - 4)]
    write_table(folder, [f"{row},{x}" for x, row in zip(parts, rows, strict=True)])


@mistake(r"metadata\.csv: row 4, column 'split': nothing")
def a_row_without_a_part(folder):
    rows = read_rows(folder)
    parts = ["split", "train", "test", "", *["train"] * (len(rows) - 4)]
    write_table(folder, [f"{row},{x}" for x, row in zip(parts, rows, strict=True)])


@mistake(r"The test part .* at least 2 .*: 1 of 40 rows")
def one_row_to_test_on(folder):
    rows = read_rows(folder)
    parts = ["split", "test", *["train"] * (len(rows) - 2)]
    write_table(folder, [f"{row},{x}" for x, row in zip(parts, rows, strict=True)])


@mistake(r"metadata\.csv: row 6, column 'sample_weight': -1; mend it")
def a_negative_weight(folder):
    rows = read_rows(folder)
    weights = ["sample_weight", *[1] * (len(rows) - 1)]
    weights[5] = -1
    write_table(folder, [f"{row},{x}" for x, row in zip(weights, rows, strict=True)])


@mistake(r"metadata\.csv: row 2, column 'id': nothing; fill the cell")
def a_row_without_an_id(folder):
    rows = read_rows(folder)
    write_table(folder, [f"id,{rows[0]}", *(f"{i or ''},{x}" for i, x in enumerate(rows[1:]))])


@mistake(r"metadata\.csv: none in row 8;")
def a_row_with_nothing(folder):
    rows = read_rows(folder)
    rows[7] = ",,,,,"
    write_table(folder, rows)


@mistake(r"metadata\.csv with none \('a': not used: one value in all rows; 'b': not used: empty")
def nothing_to_learn_from(folder):
    write_table(folder, ["a,b", *["x,"] * 30])


@mistake(r"metadata\.csv: row 5, column 'note': 'found 1' and 1 more; remove the row, or say")
def keys_that_come_twice(folder):
    manifest(folder, about_all={"key": "note"})
    change(folder, 5, "found 3", "found 1")
    change(folder, 9, "found 7", "found 1")


@mistake(r"metadata\.csv: row 5, column 'note': nothing; fill the cell, or ignore")
def a_row_without_a_key(folder):
    manifest(folder, about_all={"key": "note"})
    change(folder, 5, "found 3", "")


# Files that the table names.


@mistake(r"metadata\.csv: row 4, column 'file_name': \.\./photos/2\.png; move the file below")
def a_file_outside(folder):
    change(folder, 4, "photos/2.png", "../photos/2.png")


@mistake(r"metadata\.csv: row 4, column 'file_name': /etc/2\.png; move the file below")
def an_absolute_path(folder):
    change(folder, 4, "photos/2.png", "/etc/2.png")


@mistake(r"metadata\.csv: row 4, column 'file_name': photos/2\.png; move the file below")
def a_link_that_leads_outside(folder):
    path = folder / "photos" / "2.png"
    path.rename(folder.parent / "2.png")
    path.symlink_to(folder.parent / "2.png")


@mistake(r"metadata\.csv: column 'file_name': 40 of 40: pictures/0\.png: No such file .* …; mend")
def files_in_a_folder_of_another_name(folder):
    change(folder, 0, "photos/", "pictures/")


@mistake(r"column 'file_name': 6 of 40: photos/0\.png: neither a JPEG nor a PNG; ")
def many_broken_files(folder):
    for i in range(6):
        path = folder / "photos" / f"{i}.png"
        path.unlink()
        path.write_text("<html>")


@mistake(r"metadata\.csv: column 'file_name' of \.webp files; convert them")
def names_of_images_of_another_format(folder):
    change(folder, 0, ".png", ".webp")


@mistake(r"metadata\.csv: column 'x_file_name': 10 of 30: 1\.npy: an array of shape \(4,\), not")
def arrays_of_two_shapes(folder):
    rows = ["x_file_name,y"]
    for i in range(30):
        np.save(folder / f"{i}.npy", np.zeros(4 if i % 3 == 1 else 3))
        rows.append(f"{i}.npy,{i / 7}")
    write_table(folder, rows)


@mistake(r"metadata\.csv: column 'x_file_name': 0\.npy: .*object")
def arrays_of_objects(folder):
    rows = ["x_file_name,y"]
    for i in range(30):
        np.save(folder / f"{i}.npy", np.array([{}]), allow_pickle=True)
        rows.append(f"{i}.npy,{i / 7}")
    write_table(folder, rows)


# The manifest.


@mistake(r"columns\.json: a: 'colunm'; did you mean 'column'")
def a_typo_in_a_key(folder):
    manifest(folder, a={"kind": "label", "colunm": "species"})


@mistake(r"metadata\.csv without 'specis', which 'a' needs; did you mean 'species'")
def a_typo_in_a_column(folder):
    manifest(folder, a={"kind": "label", "column": "specis"})


@mistake(r'metadata\.csv without \'beach\', which "group" needs; its columns are file_name, ')
def a_group_that_is_not_there(folder):
    manifest(folder, about_all={"group": "beach"})


@mistake(r"columns\.json: Is a directory; mend it, or remove it")
def a_manifest_that_is_a_folder(folder):
    (folder / "columns.json").mkdir()


@mistake(r"""metadata\.csv without 'nite', which "ignore" needs; did you mean 'note'""")
def a_typo_in_what_is_ignored(folder):
    manifest(folder, about_all={"ignore": ["nite"]})


@mistake(r"columns\.json: .*; mend it, or remove it")
def a_manifest_that_is_no_json(folder):
    (folder / "columns.json").write_text("{'a': 1}")


@mistake(r"columns\.json: image\.channels: 2")
def channels_that_no_image_has(folder):
    manifest(folder, image={"kind": "image", "column": "file_name", "channels": 2})


@mistake(r"metadata\.csv: row 4, column 'species': 'whelk' and 12 more; mend it, or add it")
def a_class_that_the_manifest_lacks(folder):
    manifest(folder, a={"kind": "label", "column": "species", "classes": ["cockle", "limpet"]})


@mistake(r"metadata\.csv: row 2, column 'species': 'cockle' and 39 more; mend the cell")
def numbers_that_are_texts(folder):
    manifest(folder, a={"kind": "numbers", "columns": ["weight_g", "species"]})


@mistake(r"metadata\.csv: row 2, column 'species': 'cockle' and 39 more; mend it")
def attributes_that_are_texts(folder):
    manifest(folder, a={"kind": "attributes", "columns": ["striped", "species"]})


@mistake(r"metadata\.csv: row 5, column 'weight_g': -0.5; leave out log")
def the_logarithm_of_a_negative_number(folder):
    rows = read_rows(folder)
    cells = rows[4].split(",")
    rows[4] = ",".join([*cells[:4], "-0.5", *cells[5:]])
    write_table(folder, rows)
    manifest(folder, a={"kind": "numbers", "columns": ["weight_g"], "log": ["weight_g"]})


@mistake(r"metadata\.csv: row 2, column 'weight_g': .* and 39 more; choose another likelihood")
def counts_that_are_not_whole(folder):
    manifest(
        folder, a={"kind": "numbers", "columns": ["weight_g"], "likelihood": "NegativeBinomial"}
    )


@mistake(r"metadata\.csv: row 9, column 'species': 'x{80}\u2026'; shorten it")
def a_class_that_is_long(folder):
    rows = read_rows(folder)
    rows[8] = rows[8].replace("cockle", "x" * 5000).replace("limpet", "x" * 5000)
    rows[8] = rows[8].replace("whelk", "x" * 5000)
    write_table(folder, rows)


@mistake(r"metadata\.csv: column 'species' with 'cockle' alone")
def a_label_of_one_class(folder):
    rows = read_rows(folder)
    write_table(
        folder, [row.replace("limpet", "cockle").replace("whelk", "cockle") for row in rows]
    )
    manifest(folder, a={"kind": "label", "column": "species"})


def test_there_are_forty_mistakes():
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake(whole, tmp_path, name):
    damage, message, folder_name = MISTAKES[name]
    folder = tmp_path / "shells"
    _copy(whole, folder)
    damage(folder)
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path / folder_name, tmp_path / "data")
    text = str(caught.value)
    assert "\n" not in text
    assert text.count("; received ") == 1
    assert len(text) < 600


def _copy(whole, folder):
    """Copies a folder; images are links to the same files, to be replaced and not changed."""
    for path in whole.rglob("*"):
        target = folder / path.relative_to(whole)
        if path.is_dir():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes()) if path.suffix != ".png" else os.link(path, target)
