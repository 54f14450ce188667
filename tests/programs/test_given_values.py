"""Any subset of a model's modalities by flags: images, classes, attributes, numbers and texts."""

import dataclasses

import cv2
import numpy as np
import pytest
from absl import flags

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.saved_model_pb import SignatureTensor
from jmvae_tf.programs.common import modality_flags
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.given_values import all_given
from jmvae_tf.programs.common.print_values import print_samples, print_table
from jmvae_tf.programs.tasks import server_query
from jmvae_tf.runtime.errors import UserError

SYMBOLS = (*"abelmsh ", "<end>")
REALS = (-np.inf, np.inf)
SHELLS = {
    x.name: x
    for x in (
        DescribedModality("photo", (4, 6, 3), (0.0, 1.0), "image", (), None),
        DescribedModality("species", (2,), (0.0, 1.0), "label", ("cockle", "whelk"), None),
        DescribedModality("traits", (2,), REALS, "attributes", ("red", "large"), (0.25, -0.5)),
        DescribedModality("measures", (2,), REALS, "numbers", ("length_mm", "weight_g"), (30, 5)),
        DescribedModality("note", (13, 9), (0.0, 1.0), "text", SYMBOLS, None),
        DescribedModality("code", (3,), REALS, "vector", (), None),
    )
}


@pytest.fixture
def given(monkeypatch):
    """Reads flags as a program does; returns what they give."""
    monkeypatch.setattr(modality_flags, "_taken", True)
    monkeypatch.setattr(modality_flags, "_kept", [])

    def read(*arguments, items=(), images=(), modalities=SHELLS):
        assert modality_flags.parse_flags(["generate", *arguments]) == []
        return all_given(
            GivenFlags(images, items),
            modalities,
            lambda path, modality: np.full(modality.event_shape, len(str(path))),
            lambda name: modalities[name].means,
        )

    return read


def test_a_flag_of_each_kind(given):
    known = given(
        "--note=a small shell",
        "--measures=weight_g=3.5,length_mm=1e2",
        "--traits=large=1",
        "--photo=a.png",
        "--code=1,2,-3",
        items=["species=whelk"],
    )
    assert list(known) == list(SHELLS)
    assert (known["photo"] == len("a.png")).all()
    np.testing.assert_array_equal(known["species"], [0, 1])
    np.testing.assert_array_equal(known["traits"], [0.25, 1])  # The other is at its mean.
    np.testing.assert_array_equal(known["measures"], [100, 3.5])
    np.testing.assert_array_equal(known["code"], [1, 2, -3])
    letters = [SYMBOLS[x] for x in known["note"].argmax(-1)]
    assert letters == [*"a small shell"]


def test_a_tilde_is_a_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(modality_flags, "_kept", ["--photo=~/a.png"])
    assert GivenFlags((), ()).paths(SHELLS) == {"photo": tmp_path / "a.png"}


def test_the_same_by_one_flag_for_all(given):
    known = given(items=["note=a b", "length_mm=3", "measures.weight_g=2", "red=1"])
    assert list(known) == ["traits", "measures", "note"]
    np.testing.assert_array_equal(known["measures"], [3, 2])
    assert known["note"].argmax(-1).tolist() == [0, 7, 1, *[8] * 10]


def test_values_of_a_partly_observed_modality_stay_unknown(given):
    partly = {"measures": dataclasses.replace(SHELLS["measures"], partly_observed=True)}
    known = given("--measures=weight_g=3", modalities=partly)
    np.testing.assert_array_equal(known["measures"], [np.nan, 3])


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        (
            "--note=xyz",
            "note must be a text of at most 13 of the letters 'abelmsh '; received --note=xyz, "
            "with 'x' 'y' 'z'; change it",
        ),
        ("--note=aaaaaaaaaaaaaa", "received --note=aaaaaaaaaaaaaa, 14 letters; change it"),
        ("--measures=length=1", "by their names, such as --measures=length_mm=1; received"),
        ("--measures=length_mm=long", "length_mm must be a finite number; received --measures="),
        ("--measures=5", "such as --measures=length_mm=1; received --measures=5; choose among"),
        ("--measures=weight_g=1,weight_g=2", "A value is given once; received --measures="),
        ("--species=limpet", "--species=… must be one of cockle, whelk; received --species=limpet"),
        ("--code=1,2", "code has 3 values without names, so all are given in order; received"),
        ("--code=1,2,x", "value 2 of code must be a finite number; received --code=1,2,x"),
        ("--nose=1", "There is no flag --nose; received --nose=1; did you mean --note?"),
        (
            "--x=1",
            "received --x=1; give one of --photo, --species, --traits, --measures, --note, --code",
        ),
        ("--note", "has its value behind an equals sign; received --note; write --note=…"),
        ("--photo=", "An image file must be named; received --image=; "),
    ],
)
def test_mistakes(given, flag, told):
    with pytest.raises(UserError) as caught:
        given(flag)
    assert told in str(caught.value)


def test_numbers_whose_usual_values_are_unknown(given):
    unknown = {"measures": dataclasses.replace(SHELLS["measures"], means=None)}
    with pytest.raises(UserError, match="so all must be given; received none of weight_g; name"):
        given("--measures=length_mm=3", modalities=unknown)


def test_flags_that_a_program_does_not_take(monkeypatch):
    monkeypatch.setattr(modality_flags, "_taken", False)
    with pytest.raises(UserError, match="no flag --species; received --species=whelk; see"):
        modality_flags.parse_flags(["train", "--species=whelk"])
    assert flags.FLAGS.is_parsed()


def test_results_are_printed_by_kind(capsys):
    events = np.eye(len(SYMBOLS))[[[0, 1, 8, 3], [8, 0, 0, 0]]]
    print_table(SHELLS["note"], events[0])
    print_table(SHELLS["measures"], np.array([12.5, 1234567.0]))
    print_table(DescribedModality("scan", (2, 3), REALS, "array", (), None), np.ones((2, 3)))
    print_samples(SHELLS["note"], events)
    print_samples(SHELLS["measures"], np.array([[1.0, 2e-6]]))
    assert capsys.readouterr().out.splitlines() == [
        "note: ab",
        "measures:",
        "  length_mm    12.5",
        "  weight_g     1.2346e+06",
        "scan: 2x3 values from 1 to 1, mean 1",
        "note:",
        "  1   ab",
        "  2   ",
        "measures:",
        "  1   length_mm 1, weight_g 2e-06",
    ]


def _tensors(signature):
    """What an export says of a signature's outputs."""
    if signature.startswith("complete_"):
        target = signature.removeprefix("complete_")
        names = [target, f"{target}/drawn"]
    else:
        target = signature.rpartition("_to_")[2].replace("sample_photo_from_", "")
        is_sample = signature.startswith("sample_")
        is_file = target.startswith("encoded_")
        names = ["photo" if is_sample else f"{target[8:]}_bytes" if is_file else target]
    return [SignatureTensor(name, 1, None, False) for name in names]


class Client:
    """Answers any signature and keeps what it was asked."""

    def __init__(self):
        self.asked = {}

    def predict(self, signature, inputs, outputs):
        self.asked[signature] = inputs
        batch = len(next(iter(inputs.values())))
        return {name: self._answer(name.partition("/")[0], batch) for name in outputs}

    def _answer(self, name, batch):
        if name.endswith("_bytes"):
            return np.array([b"a file"] * batch, object)
        return np.full((batch, *SHELLS[name].event_shape), 0.5, np.float32)


@pytest.fixture
def query(monkeypatch, tmp_path, given):
    """Asks a server of an export with some signatures; returns what was asked."""

    def ask(*arguments, signatures, images=(), items=(), seed=None, modalities=SHELLS):
        modality_flags.parse_flags(["query", *arguments])
        client = Client()
        monkeypatch.setattr(server_query, "newest_version", lambda folder: folder)
        monkeypatch.setattr(server_query, "read_modalities", lambda version: modalities)
        described = {name: _tensors(name) for name in signatures}
        monkeypatch.setattr(server_query, "read_signatures", lambda version: described)
        monkeypatch.setattr(server_query, "_client", lambda *_: client)
        server_query.query(
            parse_server_url("http://localhost:8501"),
            "shells",
            tmp_path,
            given=GivenFlags(images, items),
            crop="center",
            changes=(),
            seed=seed,
            out=tmp_path / "out.png",
            timeout=9.0,
        )
        return client.asked

    return ask


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (8, 12, 3), np.uint8))
    return path


def test_an_image_and_a_text_are_sent_together(query, photo, capsys):
    signatures = ["photo_note_to_species", "encoded_photo_note_to_species", "photo_note_to_code"]
    asked = query(f"--photo={photo}", "--note=small", signatures=signatures)
    assert list(asked) == ["encoded_photo_note_to_species", "photo_note_to_code"]
    assert asked["encoded_photo_note_to_species"]["photo_bytes"][0].startswith(b"\x89PNG")
    assert asked["encoded_photo_note_to_species"]["note"].shape == (1, 13, 9)
    assert asked["photo_note_to_code"]["photo"].shape == (1, 4, 6, 3)
    assert capsys.readouterr().out.startswith("species: likeliest cockle\n")


def test_an_image_gets_its_size_as_the_data_did(query, tmp_path):
    cv2.imwrite(str(tmp_path / "white.png"), np.full((8, 8, 3), 255, np.uint8))
    with_margins = dataclasses.replace(SHELLS["photo"], columns={"fit": "pad"})
    [inputs] = query(
        f"--photo={tmp_path / 'white.png'}",
        signatures=["photo_to_species"],
        modalities=SHELLS | {"photo": with_margins},
    ).values()
    np.testing.assert_array_equal(inputs["photo"][0, :, :, 0], [[0, 1, 1, 1, 1, 0]] * 4)


def test_an_image_is_drawn_from_numbers_and_a_label(query, tmp_path, capsys):
    signatures = ["species_measures_to_photo", "species_measures_to_encoded_photo"]
    flags_of_both = ("--species=whelk", "--measures=length_mm=3")
    [(signature, inputs)] = query(*flags_of_both, signatures=signatures).items()
    assert signature == "species_measures_to_encoded_photo"
    np.testing.assert_array_equal(inputs["measures"], [[3, 5]])
    assert (tmp_path / "out.png").read_bytes() == b"a file"
    signatures += ["sample_photo_from_species_measures"]
    [(signature, inputs)] = query(*flags_of_both, signatures=signatures, seed=7).items()
    assert signature == "sample_photo_from_species_measures"
    assert inputs["seed"].tolist() == [7]
    assert cv2.imread(str(tmp_path / "out.png")).shape == (4, 6, 3)


def test_a_subset_without_a_signature_is_completed(query, tmp_path):
    signatures = ["complete_photo", "complete_code"]
    asked = query("--species=whelk", "--note=a", signatures=signatures)
    assert list(asked) == signatures
    assert asked["complete_photo"].keys() == {*SHELLS, "seed"}
    assert np.isnan(asked["complete_photo"]["measures"]).all()
    assert asked["complete_photo"]["species"].tolist() == [[0, 1]] * 8
    assert cv2.imread(str(tmp_path / "out.png")).shape == (4, 6, 3)
    asked = query("--species=whelk", "--note=a", signatures=signatures, seed=3)
    assert asked["complete_photo"]["seed"].tolist() == [3]


def test_numbers_known_in_part_are_completed(query, capsys):
    partly = dataclasses.replace(SHELLS["measures"], partly_observed=True)
    asked = query(
        "--measures=length_mm=3",
        signatures=["measures_to_species", "complete_measures"],
        modalities=SHELLS | {"measures": partly},
    )
    np.testing.assert_array_equal(asked["measures_to_species"]["measures"], [[3, np.nan]])
    assert np.isnan(asked["complete_measures"]["species"]).all()
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "measures:",
        "  length_mm    3",
        "  weight_g     0.5",
    ]


def test_an_older_export_says_what_it_answers(query):
    with pytest.raises(UserError, match="must answer species_note_to_encoded_photo; received she"):
        query("--species=whelk", "--note=a", signatures=["species_to_photo"])
    with pytest.raises(UserError, match="--seed draws an image; received --seed with species to"):
        query("--note=a", signatures=["note_to_species"], seed=1)


MANY = DescribedModality(
    "taxon", (1000,), (0.0, 1.0), "label", tuple(f"taxon {x}" for x in range(1000)), None
)


def test_of_a_thousand_classes_the_likeliest_are_printed(capsys):
    probabilities = np.full(1000, 0.5 / 998)
    probabilities[[7, 700]] = 0.2, 0.3
    print_table(MANY, probabilities)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["taxon: likeliest taxon 700", "  taxon 700 0.3000", "  taxon 7   0.2000"]
    assert lines[11:] == ["  990 other classes together 0.4960"]


def test_a_class_that_a_thousand_lack(given):
    with pytest.raises(UserError) as caught:
        given("--taxon=taxno 700", modalities={"taxon": MANY})
    told = str(caught.value)
    assert "taxon 19 … (1000 in all); received --taxon=taxno 700; did you mean taxon 700?" in told
    assert len(told) < 400
