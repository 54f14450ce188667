"""Descriptions of modalities are written for old and new clients and read with distrust."""

import copy
import json
import os
import shutil

import numpy as np
import pytest

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.export.modality_descriptions import described_modalities
from jmvae_tf.export_format import modalities_json
from jmvae_tf.export_format.modalities_json import (
    DescribedModality,
    read_modalities,
    write_modalities,
)
from jmvae_tf.export_format.saved_model_pb import SignatureTensor
from jmvae_tf.export_format.shipped_models import DIGITS, FACES, saved_model_folder
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import small_model

FACES_VERSION = saved_model_folder(FACES) / "1"
DIGITS_VERSION = saved_model_folder(DIGITS) / "1"
TRUE = json.loads((FACES_VERSION / "assets" / "modalities.json").read_text())
NUMBER = len(TRUE["attributes"]["means"])
HUGE = 10**400


@pytest.fixture
def export(tmp_path):
    """A copy of the shipped export's graph, without its weights, and its description's path."""
    shutil.copy(FACES_VERSION / "saved_model.pb", tmp_path)
    (tmp_path / "assets").mkdir()
    return tmp_path, tmp_path / "assets" / "modalities.json"


# Of one field of one modality, what it is set to.
LIES = {
    "shape": [
        None,
        3,
        "64",
        {},
        [],
        [64, 64],
        [64, 64, 3, 1],
        [64, 64, 1],
        [32, 64, 3],
        [-64, -64, 3],
        [0, 64, 3],
        [64.0, 64.0, 3.0],
        [True, 64, 3],
        ["64", "64", "3"],
        [None] * 3,
        [2**31, 2**31, 3],
        [HUGE, 64, 3],
        [[64], [64], [3]],
        [64, 64, 3] * 100,
        [float("nan")] * 3,
    ],
    "range": [
        None,
        1,
        "01",
        {},
        [],
        [0],
        [0, 1, 2],
        [1, 0],
        [0, 0],
        [float("nan"), 1.0],
        [0, float("nan")],
        [float("-inf"), 1],
        [0, float("inf")],
        [HUGE * -1, HUGE],
        [1e300, 1e301],
        ["0", "1"],
        [False, True],
        [[0], [1]],
        [{}, {}],
    ],
    "shown_as": [None, 1, "", "picture", "label", "attributes", ["image"], {}, "image\n", "IMAGE"],
    "value_names": [None, "a", 7, {}, ["a"], [1, 2], [None], ["x"] * (64 * 64 * 3)],
    "means": [0, "0", [0.0], {}, [[]], True],
}
LIES_OF_ATTRIBUTES = {
    "shape": [[NUMBER + 1], [NUMBER - 1], [1, NUMBER], [10**9], [-NUMBER], [float(NUMBER)]],
    "range": [[None, 3], [-3, None], [3, -3]],
    "shown_as": ["image", "label", "vector"],
    "value_names": [
        [],
        ["x"] * NUMBER,
        TRUE["attributes"]["value_names"][1:],
        list(range(NUMBER)),
        [*TRUE["attributes"]["value_names"], "More"],
        [f"\x1b[2J{x}" for x in range(NUMBER)],
        [f"\u202e{x}" for x in range(NUMBER)],
        [f"{x}\n" for x in range(NUMBER)],
        [""] * NUMBER,
        ["n" * 10**5, *TRUE["attributes"]["value_names"][1:]],
        [["a"]] * NUMBER,
        [chr(0xD800), *TRUE["attributes"]["value_names"][1:]],
        "n" * NUMBER,
        ["n"] * 10**5,
    ],
    "means": [
        [],
        [0.0] * (NUMBER - 1),
        [float("nan")] * NUMBER,
        [float("inf")] * NUMBER,
        [None] * NUMBER,
        ["0"] * NUMBER,
        [True] * NUMBER,
        [HUGE] * NUMBER,
        [1e39] * NUMBER,
        [-3.5] * NUMBER,
        [[0.0]] * NUMBER,
        [0.0] * 10**6,
        0.0,
    ],
}
CASES = [
    (modality, field, lie)
    for modality, lies in (("image", LIES), ("attributes", LIES_OF_ATTRIBUTES))
    for field, of_field in lies.items()
    for lie in of_field
    # A vector of the right shape is one: nothing in the graph says that it is no attribute.
    if not (modality == "attributes" and (field, lie) in (("shown_as", "vector"),))
]


def _refused(folder):
    with pytest.raises(UserError) as caught:
        read_modalities(folder)
    message = str(caught.value)
    assert message.startswith(
        "A SavedModel of this package must describe its modalities; received "
    )
    assert message.isprintable()
    assert len(message) < 5000


def test_fields_that_lie(export):
    folder, path = export
    for modality, field, lie in CASES:
        described = copy.deepcopy(TRUE)
        if field == "shown_as":
            del described[modality]["kind"]
        described[modality][field] = lie
        path.write_text(json.dumps(described))
        try:
            _refused(folder)
        except BaseException as error:
            raise AssertionError(f"{modality}'s {field}: {lie!r:.99}") from error


@pytest.mark.parametrize("field", TRUE["image"])
@pytest.mark.parametrize("modality", TRUE)
def test_fields_that_are_missing(modality, field, export):
    described = copy.deepcopy(TRUE)
    # One of two names is enough.
    for name in {"kind", "shown_as"} if field in ("kind", "shown_as") else {field}:
        del described[modality][name]
    export[1].write_text(json.dumps(described))
    _refused(export[0])


IMAGE, ATTRIBUTES = json.dumps(TRUE["image"]), json.dumps(TRUE["attributes"])
TEXTS = {
    "nothing": "",
    "no JSON": "modalities",
    "a list": "[]",
    "null": "null",
    "no modality": "{}",
    "no image": f'{{"attributes": {ATTRIBUTES}}}',
    "no attributes": f'{{"image": {IMAGE}}}',
    "a modality more": json.dumps({**TRUE, "sound": TRUE["image"]}),
    "a thousand modalities": json.dumps({**TRUE, **{f"m{x}": TRUE["image"] for x in range(1000)}}),
    "a modality twice": f'{{"image": {IMAGE}, "attributes": {ATTRIBUTES}, "image": {IMAGE}}}',
    "a field twice": json.dumps(TRUE).replace('"means"', '"shape": [7], "means"', 1),
    "a modality that is null": f'{{"image": null, "attributes": {ATTRIBUTES}}}',
    "a modality that is a list": f'{{"image": [], "attributes": {ATTRIBUTES}}}',
    "swapped": f'{{"image": {ATTRIBUTES}, "attributes": {IMAGE}}}',
    "deep": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "a number of many digits": '{"image": ' + "9" * 10_000 + "}",
    "too long": json.dumps(TRUE) + " " * 2**23,
    "bytes": "\udcff\udcfe",
    "halves of characters": f'{{"\\ud800": {IMAGE}, "attributes": {ATTRIBUTES}}}',
}
NAMES = ["../image", "/etc/passwd", "image\x1b[2J", "im age", "", "z", "prior", "seed", "i" * 10**4]


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_describe_nothing(case, export):
    export[1].write_text(TEXTS[case], encoding="utf-8", errors="surrogateescape")
    _refused(export[0])


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_that_name_nothing(name, export):
    export[1].write_text(json.dumps({name: TRUE["image"], "attributes": TRUE["attributes"]}))
    _refused(export[0])
    export[1].write_text(json.dumps({**TRUE, name: TRUE["image"]}))
    _refused(export[0])


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "device"])
@pytest.mark.parametrize("file", ["assets/modalities.json", "saved_model.pb"])
def test_files_that_are_none(file, kind, export):
    folder, described = export
    described.write_text(json.dumps(TRUE))
    (folder / file).unlink()
    if kind == "folder":
        (folder / file).mkdir()
    elif kind == "pipe":
        os.mkfifo(folder / file)
    elif kind == "device":
        (folder / file).symlink_to("/dev/zero")
    _refused(folder)


GRAPHS = {
    "nothing": b"",
    "no number": b"\xff" * 99,
    "a page": b"<html>",
    "zeros": bytes(10**6),
    "many graphs": b"\x12\0" * 200_000,
    "many signatures": b"\x12\xc0\xb8\x02" + b"\x2a\0" * 20_000,
    "large signatures": b"\x12\x85\x80\x80\x04" + b"\x2a\x80\x80\x80\x04" + bytes(2**23),
    "a signature that is none": b"\x12\x04\x2a\x02\xff\xff",
    "longer than the file": b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a group": b"\x0b" * 10_000,
}


@pytest.mark.parametrize("content", GRAPHS.values(), ids=GRAPHS)
def test_a_graph_that_is_none(content, export):
    export[1].write_text(json.dumps(TRUE))
    (export[0] / "saved_model.pb").write_bytes(content)
    _refused(export[0])


def test_another_model_s_description(export):
    shutil.copy(DIGITS_VERSION / "assets" / "modalities.json", export[1])
    _refused(export[0])


def test_the_truth(export):
    folder, path = export
    path.write_text(json.dumps(TRUE))
    assert read_modalities(folder)["attributes"].value_names == tuple(
        TRUE["attributes"]["value_names"]
    )


@pytest.mark.parametrize("later", [{"units": ["m"]}, {"kind": "sound"}, {"kind": ["new"]}])
def test_fields_and_kinds_that_later_versions_may_add(later, export):
    folder, path = export
    described = {name: {**fields, **later} for name, fields in TRUE.items()}
    path.write_text(json.dumps(described))
    read = read_modalities(folder)
    assert {name: x.kind for name, x in read.items()} == {
        name: fields["shown_as"] for name, fields in TRUE.items()
    }


def _with_kind_alone(fields, kind):
    return {**{name: x for name, x in fields.items() if name != "shown_as"}, "kind": kind}


def test_a_kind_alone_is_enough(export):
    folder, path = export
    described = {name: _with_kind_alone(x, x["shown_as"]) for name, x in TRUE.items()}
    path.write_text(json.dumps(described))
    new = read_modalities(folder)
    path.write_text(json.dumps(TRUE))
    assert new == read_modalities(folder)


@pytest.mark.parametrize("lie", LIES["shown_as"], ids=str)
def test_kinds_that_lie(lie, export):
    described = {**TRUE, "image": _with_kind_alone(TRUE["image"], lie)}
    export[1].write_text(json.dumps(described))
    _refused(export[0])


def _read_by_version_0_3_0(fields):
    """Reads an entry as the client of version 0.3.0 did, which requires all of these fields."""
    names = ("shape", "range", "shown_as", "value_names", "means")
    assert all(name in fields for name in names)
    assert fields["shown_as"] in ("image", "label", "attributes", "vector")
    shape, means = fields["shape"], fields["means"]
    assert all(type(size) is int for size in shape)
    low, high = fields["range"]
    support = (-np.inf if low is None else low, np.inf if high is None else high)
    return DescribedModality(
        "x",
        tuple(shape),
        support,
        fields["shown_as"],
        tuple(fields["value_names"]),
        None if means is None else tuple(means),
    )


MODALITIES = [
    DescribedModality("x", (64, 64, 3), (0.0, 1.0), "image", (), None),
    DescribedModality("x", (3,), (0.0, 1.0), "label", ("a", "b", "c"), None),
    DescribedModality("x", (2,), (-3.0, 3.0), "attributes", ("a", "b"), (-0.5, 1.0)),
    DescribedModality("x", (2, 5), (-np.inf, np.inf), "vector", (), None),
    DescribedModality("x", (4,), (0.0, np.inf), "vector", (), None),
]
NEW = [
    DescribedModality("x", (4, 6, 4), (0.0, 1.0), "image", (), None),
    DescribedModality("x", (2, 3, 4), (-np.inf, np.inf), "array", (), None),
    DescribedModality("x", (5, 3), (0.0, 1.0), "text", ("a", "b", "<end>"), None),
    DescribedModality(
        "x",
        (2,),
        (-np.inf, np.inf),
        "numbers",
        ("mm", "g"),
        (3.0, 0.5),
        ((1.0, 5.0), (0.25, 1.0)),
        ("g",),
        True,
        {"kind": "numbers", "columns": ["mm", "g"], "log": ["g"]},
    ),
    DescribedModality("x", (2,), (0.0, np.inf), "numbers", (), None),
]


@pytest.mark.parametrize("modality", MODALITIES, ids=lambda x: x.kind)
def test_an_old_client_reads_a_new_description(modality, tmp_path):
    write_modalities(tmp_path, {"x": modality})
    described = json.loads((tmp_path / "assets" / "modalities.json").read_text())
    assert _read_by_version_0_3_0(described["x"]) == modality


@pytest.mark.parametrize("modality", NEW, ids=lambda x: x.kind)
def test_an_old_client_takes_new_kinds_for_vectors(modality, tmp_path):
    write_modalities(tmp_path, {"x": modality})
    described = json.loads((tmp_path / "assets" / "modalities.json").read_text())
    names = () if modality.kind == "text" else modality.value_names
    expected = DescribedModality("x", modality.event_shape, modality.support, "vector", names, None)
    assert _read_by_version_0_3_0(described["x"]) == expected


CLASSES = tuple(f"species {number}" for number in range(10_000))
MANY = DescribedModality("x", (10_000,), (0.0, 1.0), "label", CLASSES, None)


@pytest.mark.parametrize("modality", [*MODALITIES, *NEW, MANY], ids=lambda x: x.kind)
def test_a_description_comes_back(modality, tmp_path, monkeypatch):
    monkeypatch.setattr(modalities_json, "read_signatures", _signature_of(modality))
    write_modalities(tmp_path, {"x": modality})
    assert read_modalities(tmp_path) == {"x": modality}


TEXT, NUMBERS = NEW[2], NEW[3]


@pytest.mark.parametrize(
    ("modality", "field", "lie"),
    [
        *((TEXT, "symbols", lie) for lie in (None, [], "ab", ["a", "b"], ["a", "b", "c"])),
        *((TEXT, "symbols", lie) for lie in (["ab", "c", "<end>"], ["<end>", "a", "b"])),
        *((TEXT, "shape", lie) for lie in ([5], [5, 4], [5, 3, 1])),
        *((TEXT, field, [[0, 1]] * 3) for field in ("usual", "centres", "means")),
        (TEXT, "log_values", ["a"]),
        *((NUMBERS, "centres", lie) for lie in ([1.0], 1.0, [None, 1.0], ["1", 2.0], [HUGE, 1.0])),
        *((NUMBERS, "usual", lie) for lie in ([[0, 1]], [0, 1], [[1, 0], [0, 1]], [[0, None]] * 2)),
        *((NUMBERS, "log_values", lie) for lie in (["kg"], "g", [["g"]], [0], {"g": 1}, None)),
        *((NUMBERS, "partly_observed", lie) for lie in (1, "yes", None, [True])),
        *((NUMBERS, "columns", lie) for lie in (1, "mm", ["mm", "g"])),
        (NUMBERS, "means", [3.0, 0.5]),
    ],
)
def test_fields_of_new_kinds_that_lie(modality, field, lie, tmp_path, monkeypatch):
    monkeypatch.setattr(modalities_json, "read_signatures", _signature_of(modality))
    write_modalities(tmp_path, {"x": modality})
    path = tmp_path / "assets" / "modalities.json"
    described = json.loads(path.read_text())
    described["x"][field] = lie
    path.write_text(json.dumps(described))
    _refused(tmp_path)


def _signature_of(modality):
    """Stands in for the signatures of an export that takes and gives the modality."""
    tensor = SignatureTensor("x", 1, (-1, *modality.event_shape), is_input=True)
    return lambda version: {"reconstruct_x": [tensor]}


def test_a_new_client_reads_an_old_export(export, tmp_path):
    """The old export says nothing but "shown_as"; all that it says is written again."""
    folder, path = export
    old = {name: {k: x for k, x in fields.items() if k != "kind"} for name, fields in TRUE.items()}
    path.write_text(json.dumps(old))
    write_modalities(tmp_path / "again", read_modalities(folder))
    new = json.loads((tmp_path / "again" / "assets" / "modalities.json").read_text())
    assert new == {name: {**x, "kind": x["shown_as"]} for name, x in old.items()}


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"\x08\x01", b"graph"])
def test_a_model_without_its_weights(content, export):
    folder, path = export
    path.write_text(json.dumps(TRUE))
    (folder / "variables").mkdir()
    (folder / "variables" / "variables.index").write_bytes(content)
    with pytest.raises(UserError, match="A SavedModel must be complete") as caught:
        LoadedExport(folder)
    assert str(caught.value).isprintable()


def test_means_are_written_within_the_range():
    from jmvae_tf.data import faces

    model = small_model("jmvae_kl", faces.face_modalities(8, ("x", "y")))
    model.statistics["attributes"].set_statistics(np.array([-3.5, 0.25]), np.ones(2))
    assert described_modalities(model)["attributes"].means == (-3.0, 0.25)
