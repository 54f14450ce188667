"""bin/query about models of any modalities, in this process; `test_query` starts it."""

import pathlib

import cv2
import numpy as np
import pytest

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.tasks.server_query import query
from jmvae_tf.runtime.errors import UserError
from tests.helpers.serving_stand_in import Model, rest_server

pytestmark = pytest.mark.slow  # Twenty directions are exported.


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The URL of a server of a model of two images, two labels and a vector, and its export."""
    modalities = (
        Modality("left", (4, 4, 1), Bernoulli(), kind="image"),
        Modality("right", (4, 4, 3), Bernoulli(), kind="image"),
        Modality("species", (2,), Categorical(), kind="label", value_names=("cockle", "whelk")),
        Modality("beach", (3,), Categorical(), kind="label"),
        Modality("sizes", (2,), Gaussian(), value_names=("length", "weight")),
    )
    model = JMVAEKL({x.name: x for x in modalities}, latent_dim=2)
    version = export_saved_model(model, tmp_path_factory.mktemp("exports") / "shells")
    with rest_server({"shells": Model(version)}) as (url, _):
        yield url, version


@pytest.fixture
def ask(served, tmp_path):
    url, version = served

    def call(images=(), given=(), **options):
        usual = {"given": GivenFlags(images, given), "changes": (), "seed": None, "crop": "center"}
        out = {"out": tmp_path / "out.png", "timeout": 60.0}
        query(parse_server_url(url), "shells", version, **(usual | out | options))

    return call


@pytest.fixture
def image(tmp_path, rng) -> pathlib.Path:
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (6, 6), np.uint8))
    return path


def test_all_that_an_image_shows_is_read(ask, image, capsys):
    ask(images=[f"right={image}"])
    path, *lines = capsys.readouterr().out.splitlines()
    assert path.endswith("out.png")  # The other image.
    heads = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    assert heads == ["species", "beach", "sizes"]
    assert [line.split()[0] for line in lines[-2:]] == ["length", "weight"]


@pytest.mark.parametrize("seed", [None, 3])
def test_every_image_of_a_label_is_written_under_its_name(ask, tmp_path, capsys, seed):
    ask(given=["beach=2"], seed=seed)
    paths = [tmp_path / f"out_{name}.png" for name in ("left", "right")]
    assert capsys.readouterr().out.splitlines()[:2] == [str(path) for path in paths]
    channels = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[2:] for path in paths]
    assert channels == [(), (3,)]


def test_an_edit_names_its_condition(ask, image, tmp_path, capsys):
    ask(images=[f"left={image}"], changes=["species=whelk"])
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "out.png")]
    assert cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED).shape == (4, 4)


def test_what_cannot_be_asked_is_refused_by_name(ask, image):
    with pytest.raises(UserError, match="of several images, left and right; received --image="):
        ask(images=[str(image)])
    with pytest.raises(UserError, match="Send one image; received --image=left="):
        ask(images=[f"left={image}", f"right={image}"], changes=["species=whelk"])
    with pytest.raises(UserError, match=r"values of sizes .* received none of weight; name them"):
        ask(given=["length=1"])


def test_a_subset_without_a_signature_of_its_own_is_completed(ask, tmp_path, capsys):
    ask(given=["beach=1", "species=whelk"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [*(str(tmp_path / f"out_{x}.png") for x in ("left", "right")), "sizes:"]
