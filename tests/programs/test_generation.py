"""bin/generate for models of any modalities, in this process; `test_generate` starts it."""

import re

import cv2
import numpy as np
import pytest

from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.likelihoods import Bernoulli, Categorical, CategoricalSequence, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.tasks.generation import TrainedModel, draw_walk, edit_image, generate
from jmvae_tf.reporting import walks
from jmvae_tf.runtime.errors import UserError

MODALITIES = {
    x.name: x
    for x in (
        Modality("left", (4, 4, 1), Bernoulli(), kind="image"),
        Modality("right", (4, 4, 3), Bernoulli(), kind="image"),
        Modality("species", (2,), Categorical(), kind="label", value_names=("cockle", "whelk")),
        Modality("beach", (3,), Categorical(), kind="label"),
        Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("red", "large")),
        Modality("sizes", (2,), Gaussian(), value_names=("length", "weight"), standardised=True),
    )
}


def _model(names, **arguments):
    modalities = {name: MODALITIES[name] for name in names}
    if "target" in arguments:
        return CVAE(modalities, latent_dim=2, **arguments)
    return JMVAEKL(modalities, latent_dim=2)


@pytest.fixture(scope="module")
def model():
    return _model(MODALITIES)


@pytest.fixture
def left(tmp_path, rng):
    path = tmp_path / "left.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (6, 6), np.uint8))
    return path


def _generate(model, images, given, out):
    generate(TrainedModel(model, {}), GivenFlags(images, given), 2, 0, out)


def test_two_images_and_two_labels(model, left, tmp_path, capsys):
    given = ["species=whelk", "red=1", "sizes.weight=3"]
    _generate(model, [f"left={left}"], given, tmp_path / "out.png")
    path, *lines = capsys.readouterr().out.splitlines()
    assert path == str(tmp_path / "out.png")  # The one image that is left.
    assert lines[0].startswith("beach: likeliest ")
    assert [line.split()[0] for line in lines[1:]] == ["0", "1", "2"]


def test_images_are_drawn_into_files_of_their_names(model, tmp_path, capsys):
    _generate(model, [], [], tmp_path / "out.png")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [str(tmp_path / f"out_{name}.png") for name in ("left", "right")]
    assert {x.name for x in tmp_path.iterdir()} == {"out_left.png", "out_right.png"}
    assert [x for x in lines[2:] if x.startswith(("species: ", "beach: "))] == lines[2:4]
    assert lines[4] == "traits:"
    assert lines[7] == "sizes:"


def test_no_image(tmp_path, capsys):
    _generate(_model(["species", "sizes"]), [], ["length=1"], tmp_path / "out.png")
    assert capsys.readouterr().out.startswith("species: likeliest ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_numbers_in_part_and_a_text(tmp_path, capsys):
    symbols = (*"abc ", END_MARK)
    modalities = (
        Modality("species", (2,), Categorical(), kind="label", value_names=("cockle", "whelk")),
        Modality(
            "measures",
            (2,),
            Gaussian(),
            kind="numbers",
            value_names=("length_mm", "weight_g"),
            partly_observed=True,
        ),
        Modality("note", (4, 5), CategoricalSequence(), kind="text", value_names=symbols),
    )
    model = JMVAEKL({x.name: x for x in modalities}, latent_dim=2)
    _generate(model, [], ["length_mm=3", "note=ab c"], tmp_path / "out.png")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("species: likeliest ")
    assert lines[3] == "measures:"
    assert lines[4].split() == ["length_mm", "3"]
    assert lines[5].split()[0] == "weight_g"
    _generate(model, [], ["length_mm=3"], tmp_path / "out.png")
    average, heading, *samples = capsys.readouterr().out.splitlines()[-4:]
    assert average.startswith("note: ")
    assert heading == "note, samples:"
    assert [line[:5] for line in samples] == ["  1  ", "  2  "]
    _generate(model, [], [], tmp_path / "out.png")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")][1:] == ["measures:", "note:"]
    assert list(tmp_path.iterdir()) == []


def test_an_edit_of_one_of_two_images(model, left, tmp_path, capsys):
    out = tmp_path / "edit.png"
    edit_image(TrainedModel(model, {}), [f"left={left}"], ["beach=2"], 0, out)
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    assert out.is_file()


@pytest.mark.parametrize(
    ("names", "target", "given", "told"),
    [
        (
            ["left", "species", "beach"],
            "left",
            ["species=whelk"],
            "This model generates left from species and beach; received --given=species; "
            "give --given=species=… and --given=beach=… alone",
        ),
        (
            ["left", "right", "species"],
            "species",
            [],
            "received neither --image nor --given; give --image=left=… and --image=right=… alone",
        ),
        (
            ["left", "traits", "sizes"],
            "left",
            ["red=1"],
            "received --given=traits.<name>; give --given=traits.<name>=… and "
            "--given=sizes.<name>=… alone",
        ),
    ],
)
def test_what_else_must_be_given_is_named(names, target, given, told, tmp_path):
    with pytest.raises(UserError) as caught:
        _generate(_model(names, target=target), [], given, tmp_path / "out.png")
    assert told in str(caught.value)


def test_an_edit_changes_one_image_and_one_modality(model, left, tmp_path):
    out, images = tmp_path / "out.png", [f"left={left}", f"right={left}"]
    with pytest.raises(UserError, match="An edit changes one image; received --image=left="):
        edit_image(TrainedModel(model, {}), images, ["red=1"], 0, out)
    changes = ["red=1", "species=whelk"]
    with pytest.raises(UserError, match="changes one modality; received species and traits by"):
        edit_image(TrainedModel(model, {}), images[:1], changes, 0, out)


def _walk(model, images, given, wanted, out):
    draw_walk(TrainedModel(model, {}), GivenFlags(images, given), wanted, 2, 0, out)


def test_a_walk_goes_from_what_is_given_to_what_is_wanted(
    model, left, tmp_path, capsys, monkeypatch
):
    ends = []
    monkeypatch.setattr(walks, "walk", lambda model, image, *what: ends.append((image, *what)))
    monkeypatch.setattr(walks, "save", lambda path, frames, **named: path.touch())
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), np.full((6, 6), 99, np.uint8))
    given = ["species=whelk", "red=1"]
    _walk(model, [f"left={left}"], given, ["large=1", f"left={other}"], tmp_path / "walk.gif")
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / f"walk_{name}.gif") for name in ("left", "right")
    ]
    assert [image for image, *_ in ends] == ["left", "right"]
    [(_, start, end), _] = ends
    assert start.shape == end.shape == (3, 2), "the average, and two samples"
    mean = model.posterior_mean(
        {
            "left": np.full((1, 4, 4, 1), 99 / 255, np.float32),
            "species": np.array([[0, 1]], np.float32),
            "traits": np.array([[1, 1]], np.float32),
        }
    )
    np.testing.assert_allclose(end[:1], mean, atol=1e-3)
    assert np.abs(start - end).max() > 1e-3


def test_attributes_that_are_not_given_start_at_their_usual_values(model, tmp_path, capsys):
    _walk(model, [], [], ["red=1"], tmp_path / "walk.gif")
    assert (tmp_path / "walk_left.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(
    ("given", "wanted", "told"),
    [
        ([], ["species=whelk"], "--walk=species=whelk, and no species to start from; give --given"),
        (["species=whelk"], ["specis=cockle"], "specis"),
        (["species=whelk"], ["left="], "--walk=left="),
        (["species=whelk"], ["shell.png"], "--walk=shell.png"),
    ],
)
def test_a_walk_to_or_from_nowhere_is_refused(model, tmp_path, given, wanted, told):
    with pytest.raises(UserError, match=re.escape(told)):
        _walk(model, [], given, wanted, tmp_path / "walk.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "arguments"),
    [(["left", "species"], {"target": "left"}), (["species", "sizes"], {})],
)
def test_a_walk_needs_a_model_that_infers_z_of_an_image(tmp_path, names, arguments):
    with pytest.raises(UserError, match="A walk needs a model that infers z, and generates an im"):
        _walk(_model(names, **arguments), [], ["species=whelk"], ["beach=1"], tmp_path / "walk.gif")
