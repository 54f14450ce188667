"""The tables of the 2016 paper."""

import pytest

from jmvae_tf.reproduction import tables
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import SCALES
from tests.helpers.reproductions import answer, runs_in

QUICK_FACES = SCALES["quick"]["celeba"]


@pytest.mark.usefixtures("_answers")
def test_table_1_of_2016_has_every_estimate_that_is_defined(tmp_path):
    marginal, conditional = tables.make_table("2016-1", runs_in(tmp_path)).parts
    of_kl = {
        "JMVAE-kl, α = 0.01": "jmvae_kl-alpha-0.01",
        "JMVAE-kl, α = 0.1": "jmvae_kl-alpha-0.1",
        "JMVAE-kl, α = 1": "jmvae_kl",
    }
    joint = {"JMVAE-zero": "jmvae-zeros", **of_kl}
    single, multiple = "log_p_image_single_image", "log_p_image_multiple"
    assert marginal.rows == {
        "VAE": [None, None, None, answer("vae", single)],
        **{
            row: [
                -86.86 if row == "JMVAE-kl, α = 0.1" else None,
                answer(run, multiple),
                None,
                answer(run, single),
            ]
            for row, run in joint.items()
        },
    }
    single, multiple = (f"log_p_image_given_label_{how}" for how in ("single", "multiple"))
    assert conditional.rows == {
        "CVAE": [None, answer("cvae-image", multiple), None, None],
        "CMMA": [None, answer("cmma-image", multiple), None, None],
        **{
            row: [None, answer(run, multiple), None, answer(run, single)]
            for row, run in joint.items()
        },
    }


@pytest.mark.usefixtures("_answers_of_faces")
def test_table_2_of_2016_has_every_model_with_a_gan_and_without(tmp_path):
    table = tables.make_table("2016-2", Runs(tmp_path, QUICK_FACES, data_name="celeba"))
    marginal, conditional = table.parts
    sharpness = "image_sharpness_reconstruction_single_image"
    real = answer("jmvae_kl", "image_sharpness_real")
    single, multiple = "log_p_image_single_image", "log_p_image_multiple"
    assert marginal.rows == {
        "VAE": [None, answer("vae", single), answer("vae", sharpness)],
        "VAE-GAN": [None, answer("vae_gan", single), answer("vae_gan", sharpness)],
        **{
            row: [answer(run, multiple), answer(run, single), answer(run, sharpness)]
            for row, run in (("JMVAE-kl", "jmvae_kl"), ("JMVAE-kl-GAN", "jmvae_kl_gan"))
        },
        "real images": [None, None, real],
    }
    single, multiple = (f"log_p_image_given_attributes_{how}" for how in ("single", "multiple"))
    of_images = (
        "attributes_to_image_coherence",
        "attributes_to_image_diversity",
        "image_sharpness_attributes_to_image",
    )
    runs_of = {
        **{"CVAE": "cvae-image", "CVAE-GAN": "cvae_gan-image"},
        **{"CMMA": "cmma-image", "CMMA-GAN": "cmma_gan-image"},
        **{"JMVAE-kl": "jmvae_kl", "JMVAE-kl-GAN": "jmvae_kl_gan"},
    }
    judged = answer("jmvae_kl", "attributes_to_image_judge_balanced_accuracy")
    assert conditional.rows == {
        **{
            row: [
                answer(run, multiple),
                answer(run, single) if row.startswith("JMVAE") else None,
                *(answer(run, name) for name in of_images),
            ]
            for row, run in runs_of.items()
        },
        "real images": [None, None, judged, None, real],
    }


@pytest.mark.usefixtures("_answers")
def test_table_3_of_2016(tmp_path):
    [section] = tables.make_table("2016-3", runs_in(tmp_path)).parts
    assert section.rows == {
        row: [number, answer(run, "log_p_joint_multiple")]
        for row, number, run in (
            ("JMVAE-zero", -86.96, "jmvae-zeros"),
            ("JMVAE-kl, α = 0.01", -86.94, "jmvae_kl-alpha-0.01"),
            ("JMVAE-kl, α = 0.1", -86.93, "jmvae_kl-alpha-0.1"),
            ("JMVAE-kl, α = 1", -89.28, "jmvae_kl"),
        )
    }
