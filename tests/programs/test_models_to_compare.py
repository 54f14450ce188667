"""The models of bin/compare, read from its flags."""

import pytest

from jmvae_tf.programs.common.models_to_compare import read_models
from jmvae_tf.runtime.errors import UserError


def test_models_have_all_seeds_or_the_first_ones():
    assert read_models(["jmvae_kl", "jmvae:1", "vae:3"], ["5", "0", "2"]) == {
        "jmvae_kl": [5, 0, 2],
        "jmvae": [5],
        "vae": [5, 0, 2],
    }


@pytest.mark.parametrize(
    ("models", "seeds", "message"),
    [
        (["jmvea"], ["0"], "received --models=jmvea; did you mean jmvae?"),
        (["cvae"], ["0"], "received --models with cvae, which generates one modality from the oth"),
        (["jmvae_gan"], ["0"], "received --models with jmvae_gan, which needs a discriminator; le"),
        (["vae", "jmvae", "vae:1"], ["0"], "--models names each once; received vae more than once"),
        (["vae"], ["1", "01"], "--seeds names each once; received 1 more than once; leave out the"),
        (["vae"], ["-1"], "A seed must be from 0 to 2147483647; received --seeds with -1; change"),
        (["vae"], ["9" * 5000], "A seed must be from 0 to 2147483647"),
        (["vae"], [], "--seeds names at least one; received --seeds=; leave it out, or add one"),
        ([], ["0"], "--models names at least one; received --models=; leave it out, or add one"),
        (
            ["vae:2"],
            ["0"],
            "the first N of the 1 seeds; received --models=vae:2; write a number fr",
        ),
        (["vae:x"], ["0"], "received --models=vae:x; write a number from 1 to 1, or add --seeds"),
        (["vae:"], ["0"], "received --models=vae:; write a number from 1 to 1, or add --seeds"),
    ],
)
def test_mistakes(models, seeds, message):
    with pytest.raises(UserError) as caught:
        read_models(models, seeds)
    assert message in str(caught.value)
