"""bin/query about models of a single modality, which reconstruct it, in this process."""

import cv2
import numpy as np
import pytest

from jmvae_tf.clients.server_url import parse_server_url
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.vae import VAE
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.tasks.server_query import query
from jmvae_tf.runtime.errors import UserError
from tests.helpers.serving_stand_in import Model, rest_server

PHOTO = Modality("photo", (4, 4, 3), Bernoulli(), kind="image")
SIZES = Modality(
    "sizes",
    (2,),
    Gaussian(),
    kind="numbers",
    value_names=("mm", "g"),
    partly_observed=True,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The URL of a server of two models by name, and their exports."""
    versions = {}
    for modality in (PHOTO, SIZES):
        vae = VAE({modality.name: modality}, 2, {modality.name: "D4R"}, {modality.name: "D4R"})
        folder = tmp_path_factory.mktemp("exports") / modality.name
        versions[modality.name] = export_saved_model(vae, folder)
    with rest_server({name: Model(version) for name, version in versions.items()}) as (url, _):
        yield url, versions


@pytest.fixture
def ask(served, tmp_path):
    url, versions = served

    def call(name, images=(), given=(), seed=None, changes=()):
        query(
            parse_server_url(url),
            name,
            versions[name],
            given=GivenFlags(images, given),
            crop="center",
            changes=changes,
            seed=seed,
            out=tmp_path / "out.png",
            timeout=60.0,
        )

    return call


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), rng.integers(0, 256, (6, 6, 3), np.uint8))
    return str(path)


def test_an_image_is_reconstructed(ask, photo, tmp_path, capsys):
    ask("photo", [photo])
    assert capsys.readouterr().out == f"{tmp_path / 'out.png'}\n"
    assert cv2.imread(str(tmp_path / "out.png")).shape == (4, 4, 3)


def test_what_it_cannot_do_is_said(ask, photo):
    told = "answers photo with its reconstruction alone, which is not drawn; received --seed=3"
    with pytest.raises(UserError, match=told):
        ask("photo", [photo], seed=3)


def test_numbers_are_reconstructed_and_what_is_given_in_part_stays(ask, capsys):
    ask("sizes", given=["mm=3", "g=2"])
    whole = capsys.readouterr().out.split()
    assert whole[:2] + whole[3:4] == ["sizes:", "mm", "g"]
    ask("sizes", given=["mm=3"])
    assert capsys.readouterr().out.split()[:3] == ["sizes:", "mm", "3"]
