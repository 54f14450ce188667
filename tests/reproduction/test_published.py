"""The numbers of the papers stand under the names of our rows."""

from jmvae_tf.reproduction import published, recipes


def test_every_published_row_is_a_row_of_ours():
    """A name spelt otherwise would be shown as a number that is not known."""
    kl = {f"JMVAE-kl, α = {alpha:g}" for alpha in recipes.JMVAE_KL_RUNS_BY_ALPHA}
    assert set(published.JOINT_2016) == {"JMVAE-zero", *kl}
    for numbers in (*published.MARGINAL_2016.values(), *published.CONDITIONAL_2016.values()):
        assert set(numbers) <= {"VAE", "CVAE", "CMMA", "JMVAE-zero", *kl}


def test_every_published_row_of_2018_is_a_row_of_ours():
    for numbers in published.TABLE_1_2018.values():
        assert list(numbers) == ["JMVAE", "JMVAE-kl", "JMVAE-h", "CVAE", "CMMA"]
