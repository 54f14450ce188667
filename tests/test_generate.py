"""Tests of bin/generate and bin/export with every model; `test_programs` has jmvae_kl's."""

import re

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf import presets
from jmvae_tf.data import digits
from jmvae_tf.data.image_file import read_image
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import load_checkpoint, make_model
from tests.test_programs import mistake, start, succeed
from tests.test_run_folder import contents

# Run to model and target.
RUNS = {
    "vae": ("vae", "image"),
    "vae-label": ("vae", "label"),
    "jmvae": ("jmvae", None),
    "jmvae_h": ("jmvae_h", None),
    "cvae": ("cvae", "image"),
    "cvae-label": ("cvae", "label"),
    "cmma": ("cmma", "image"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a run of each of `RUNS`, which has learned nothing; to be read only."""
    folder = tmp_path_factory.mktemp("runs")
    data = digits.load(folder, "paper")
    for name, (model, target) in RUNS.items():
        overrides = {"latent_dim": 2, "epochs": 1, "jit_compile": False}
        settings = presets.settings_of(
            model, "digits", overrides | ({"target": target} if target else {})
        )
        run = RunFolder(folder / name)
        run.checkpoints.mkdir(parents=True)
        run.write_config(settings)
        made = make_model(settings, data)
        made.optimizer.build(made.trainable_variables)
        for variable in made.trainable_variables:
            variable.assign(2 * variable)  # What is given matters more than in a new model.
        made.save(run.checkpoint_of(1))
    return folder


@pytest.fixture
def model_of(runs):
    """The model of a run."""

    def load(name):
        run = RunFolder(runs / name)
        return load_checkpoint(run.newest_checkpoint(), run.read_settings())

    return load


@pytest.fixture
def digit(tmp_path):
    """An image file of a user, half of it black."""
    image = np.full((40, 40), 255, np.uint8)
    image[:, :20] = 0
    cv2.imwrite(str(tmp_path / "digit.png"), image)
    return tmp_path / "digit.png"


def table(printed: str) -> dict[str, float]:
    """What is printed of a label."""
    first, *lines = printed.splitlines()
    values = {name: float(value) for name, value in map(str.split, lines)}
    assert first == f"label: likeliest {max(values, key=values.get)}"
    return values


def assert_is_table(printed: str, label: tf.Tensor) -> None:
    """Whether a label's probabilities, [1, 10], are what was printed with four places."""
    values = table(printed)
    assert list(values) == [str(digit) for digit in range(10)]
    np.testing.assert_allclose(list(values.values()), label[0], rtol=0, atol=0.51e-4)


def has_black_square(picture: np.ndarray) -> bool:
    """Whether somewhere 36 x 36 pixels are black: 3 x 3 values of an image of 8 x 8."""
    return cv2.dilate(picture, np.ones((36, 36))).min() < 16


# Models of one direction.


@pytest.mark.parametrize("run", ["cvae", pytest.param("cmma", marks=pytest.mark.slow)])
def test_images_of_a_label(runs, tmp_path, run):
    flags = ("--given=label=7", "--num_samples=9", "--out=seven.png")
    assert succeed(tmp_path, "generate", f"--run={runs / run}", *flags) == "seven.png\n"
    picture = cv2.imread(str(tmp_path / "seven.png"))
    # The average and nine samples: one row of ten.
    assert picture.shape[1] > 5 * picture.shape[0]


@pytest.mark.slow
def test_label_of_an_image(runs, model_of, digit, tmp_path):
    printed = succeed(
        tmp_path, "generate", f"--run={runs / 'cvae-label'}", "--image=digit.png", "--seed=3"
    )
    image = read_image(digit, (8, 8, 1))[np.newaxis]
    assert_is_table(printed, model_of("cvae-label").generate("label", {"image": image}, seed=3))


# Models of one modality.


def test_reconstruction_of_an_image(runs, digit, tmp_path):
    flags = ("--image=digit.png", "--num_samples=28", "--out=again.png")
    assert succeed(tmp_path, "generate", f"--run={runs / 'vae'}", *flags) == "again.png\n"
    picture = cv2.imread(str(tmp_path / "again.png"))
    # What is given, the average and 28 samples.
    assert 2 < picture.shape[1] / picture.shape[0] < 4, "three rows of ten, below a title"
    # A model that has learned nothing draws grey.
    assert has_black_square(picture[:, : picture.shape[1] // 10])
    assert not has_black_square(picture[:, picture.shape[1] // 10 :])


@pytest.mark.slow
def test_images_from_the_prior_of_a_vae(runs, tmp_path):
    flags = ("--num_samples=30", "--out=prior.png")
    assert succeed(tmp_path, "generate", f"--run={runs / 'vae'}", *flags) == "prior.png\n"
    picture = cv2.imread(str(tmp_path / "prior.png"))
    assert 2 < picture.shape[1] / picture.shape[0] < 4, "three rows of ten, below a title"


@pytest.mark.slow
def test_reconstruction_of_a_label(runs, model_of, tmp_path):
    printed = succeed(tmp_path, "generate", f"--run={runs / 'vae-label'}", "--given=label=7")
    label = tf.one_hot([7], 10)
    assert_is_table(printed, model_of("vae-label").reconstruct({"label": label})["label"])


@pytest.mark.slow
def test_labels_from_the_prior(runs, model_of, tmp_path):
    printed = succeed(tmp_path, "generate", f"--run={runs / 'vae-label'}", "--num_samples=5")
    labels = model_of("vae-label").generate("label", num_samples=5)
    assert printed == f"label: likeliest {' '.join(map(str, np.argmax(labels, -1)))}\n"


# Flags of iterative sampling.


@pytest.mark.parametrize("run", ["jmvae", pytest.param("jmvae_h", marks=pytest.mark.slow)])
def test_flags_choose_how_the_missing_is_complemented(runs, model_of, digit, tmp_path, run):
    flags = ("--missing=zeros", "--num_rounds=2", "--feed_back=means")
    printed = succeed(tmp_path, "generate", f"--run={runs / run}", "--image=digit.png", *flags)
    model = model_of(run)
    given = {"image": read_image(digit, (8, 8, 1))[np.newaxis]}
    as_trained = model.generate("label", given)
    model.set_inference("zeros", 2, "means")
    chosen = model.generate("label", given)
    assert_is_table(printed, chosen)
    assert np.abs(chosen - as_trained).max() > 1e-3, "the flags matter"


# Mistakes: one line, exit status 1, nothing written.

ITERATIVE = "Only jmvae and jmvae_h complement missing modalities by iterative sampling; received "


@pytest.mark.parametrize(
    ("run", "arguments", "told"),
    [
        (
            "cvae",
            ["--image=digit.png"],
            "This model generates image from label; received --image; give --given=label=… alone",
        ),
        pytest.param(
            "cvae",
            [],
            "generates image from label; received neither --image nor --given; give --given=label=",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "cmma",
            ["--image=digit.png", "--given=label=7"],
            "generates image from label; received --image and --given=label; give --given=label=…",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "cvae-label",
            ["--given=label=7"],
            "generates label from image; received --given=label; give --image=… alone",
            marks=pytest.mark.slow,
        ),
        (
            "vae",
            ["--given=label=7"],
            "This is a model of image, without any label; received --given=label=7; leave it out",
        ),
        pytest.param(
            "vae-label",
            ["--image=digit.png"],
            "This is a model of label, without any image; received --image=digit.png; leave it out",
            marks=pytest.mark.slow,
        ),
        (
            "cvae",
            ["--given=label=7", "--num_rounds=3", "--missing=zeros"],
            f"{ITERATIVE}--missing=zeros --num_rounds=3; leave it out",
        ),
        pytest.param(
            "vae", ["--feed_back=means"], f"{ITERATIVE}--feed_back=means;", marks=pytest.mark.slow
        ),
        (
            "jmvae",
            ["--num_rounds=0"],
            "--num_rounds must be from 1 to 2147483647; received --num_rounds=0; change it",
        ),
        pytest.param(
            "jmvae_h",
            [f"--num_rounds={2**31}"],
            "received --num_rounds=2147483648; change it",
            marks=pytest.mark.slow,
        ),
        pytest.param("jmvae", ["--num_rounds=ten"], "--num_rounds=ten", marks=pytest.mark.slow),
        pytest.param(
            "jmvae",
            ["--missing=noize"],
            "--missing must be one of noise, zeros; received --missing=noize; did you mean noise?",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "jmvae_h",
            ["--feed_back=sample"],
            "received --feed_back=sample; did you mean samples?",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_a_model_does_not_generate(runs, digit, run, arguments, told):
    before = contents(digit.parent), contents(runs)
    done = start(digit.parent, "generate", f"--run={runs / run}", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert (contents(digit.parent), contents(runs)) == before


# bin/export.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "folder", "signatures"),
    [
        ("vae", "digits-vae", {"reconstruct_image", "embed"}),
        ("vae-label", "digits-vae-label", {"reconstruct_label", "embed"}),
        ("jmvae_h", "digits-jmvae_h", {"image_to_label", "label_to_image"}),
        ("cvae-label", "digits-cvae-label", {"image_to_label"}),
        ("cmma", "digits-cmma", {"label_to_image"}),
    ],
)
def test_export(runs, tmp_path, run, folder, signatures):
    printed = succeed(tmp_path, "export", f"--run={runs / run}")
    assert re.fullmatch(rf"saved_models/{folder}/1\n", printed)
    loaded = tf.saved_model.load(tmp_path / printed.strip())
    assert set(loaded.signatures) == signatures | {"serving_default"}
