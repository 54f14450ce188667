"""A folder holds CelebA's three official files."""

import pytest

from jmvae_tf.data.celeba import source_files
from jmvae_tf.runtime.errors import UserError


def test_folder_that_is_not_celeba(tmp_path):
    with pytest.raises(UserError, match=r"without img_align_celeba.zip, list_attr\S*, list_eval"):
        source_files.check_source(tmp_path)


# As others distribute it.
