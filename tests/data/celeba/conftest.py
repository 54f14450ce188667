"""What several tests of CelebA share."""

import shutil

import pytest

from jmvae_tf.data.celeba import preparation
from tests.helpers import celeba_source
from tests.helpers.prepared_celeba import NUMBER


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A small source, to be read only."""
    return celeba_source.write(tmp_path_factory.mktemp("celeba"), NUMBER)


@pytest.fixture
def source(whole, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "source")


@pytest.fixture
def _small_parts(monkeypatch):
    monkeypatch.setattr(preparation, "PART_SIZE", 3)
