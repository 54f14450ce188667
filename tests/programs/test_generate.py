"""Tests of bin/generate and bin/export with every model; `test_programs` has jmvae_kl's."""

import re

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import digits, faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.image_file import read_image
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.folders import contents
from tests.helpers.programs import mistake, start, succeed

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
        settings = settings_of(model, "digits", overrides | ({"target": target} if target else {}))
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
        return load_checkpoint(run.newest_checkpoint(), run)

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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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

ITERATIVE = "Only jmvae and jmvae_h fill in missing modalities by iterative sampling; received "


@pytest.mark.slow
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
            "This is a model of image, without any label or attributes; "
            "received --given=label=7; leave it out",
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


# Faces.

CNN = "C4R-F"
FACE_RUNS = {"faces": ("jmvae_kl", "center"), "found": ("jmvae_kl", "face")}
FACE_RUNS |= {"faces-cvae": ("cvae", "center")}


@pytest.fixture(scope="module")
def face_runs(tmp_path_factory):
    """A folder with a run of each of `FACE_RUNS` on noise in colour; to be read only."""
    folder = tmp_path_factory.mktemp("face_runs")
    rng = np.random.default_rng(0)
    arrays = {
        "image": rng.integers(0, 256, (20, 32, 32, 3), np.uint8),
        "attributes": rng.choice(np.array([-1, 1], np.int8), (20, 40), p=(0.7, 0.3)),
    }
    modalities = faces.face_modalities(32, faces.OFFICIAL_ATTRIBUTES)
    data = DataSet("celeba", modalities, arrays, arrays, arrays, faces.values_of_faces)
    for name, (model, crop) in FACE_RUNS.items():
        overrides = {
            "joint_encoder": f"({CNN}, D8R)-D8R",
            "decoders": {"image": "D16R"} | ({} if model == "cvae" else {"attributes": "D8R"}),
            **({} if model == "cvae" else {"encoders": {"image": CNN, "attributes": "D8R"}}),
            **{"image_size": 32, "crop": crop, "latent_dim": 2, "epochs": 1, "batch_size": 10},
        }
        settings = settings_of(model, "celeba", overrides)
        run = RunFolder(folder / name)
        run.checkpoints.mkdir(parents=True)
        run.write_config(settings)
        made = make_model(settings, data)
        made.optimizer.build(made.trainable_variables)
        for variable in made.trainable_variables:
            variable.assign(2 * variable)
        made.save(run.checkpoint_of(1))
    return folder


@pytest.fixture
def face(tmp_path):
    """An image file of a user in colour, which shows no face."""
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "face.png"), image)
    return tmp_path / "face.png"


def attributes_told(printed: str) -> dict[str, float]:
    """The printed probabilities of one face's attributes; checks the order and the verdicts."""
    first, head, *lines = printed.splitlines()
    assert head.strip() == "probability of yes"
    told = [line.split() for line in lines]
    values = {name: float(value) for name, value, _ in told}
    assert list(values.values()) == sorted(values.values(), reverse=True)
    for name, value, verdict in told:
        assert value == "0.500" or verdict == ("yes" if float(value) > 0.5 else "no"), name
    yes = {name for name, _, verdict in told if verdict == "yes"}
    shown = [name for name in faces.OFFICIAL_ATTRIBUTES if name in yes]
    assert first == f"attributes: {', '.join(shown)}"
    return values


@pytest.mark.slow
def test_attributes_of_an_image(face_runs, face):
    printed = succeed(face.parent, "generate", f"--run={face_runs / 'faces'}", "--image=face.png")
    told = attributes_told(printed)
    run = RunFolder(face_runs / "faces")
    model = load_checkpoint(run.newest_checkpoint(), run)
    image = read_image(face, (32, 32, 3))[np.newaxis]
    wanted = model.generate("attributes", {"image": image})[0]
    found = [told[name] for name in faces.OFFICIAL_ATTRIBUTES]
    probabilities = np.clip((wanted + 1) / 2, 0, 1)  # Values are from -1, no, to 1, yes.
    np.testing.assert_allclose(found, probabilities, rtol=0, atol=0.51e-3)
    assert contents(face.parent).keys() == {"face.png"}, "no picture of attributes"


@pytest.mark.slow
def test_edits_of_an_image(face_runs, face):
    flags = ("--image=face.png", "--set=Smiling=1,Male=-2", "--out=edit.png")
    printed = succeed(face.parent, "generate", f"--run={face_runs / 'faces'}", *flags)
    *table, path = printed.splitlines()
    assert path == "edit.png"
    assert len(attributes_told("\n".join(table))) == 40
    picture = cv2.imread(str(face.parent / "edit.png"))
    # As it is, the reconstruction, two changes alone and together, above averages and redrawn.
    assert 1.2 < picture.shape[1] / picture.shape[0] < 3


@pytest.mark.slow
@pytest.mark.parametrize("run", ["faces", "faces-cvae"])
def test_images_of_attributes(face_runs, tmp_path, run):
    for name, value in (("low", -1), ("high", 1)):
        flags = (f"--given=Smiling={value},Male=1", "--num_samples=9", f"--out={name}.png")
        printed = succeed(tmp_path, "generate", f"--run={face_runs / run}", *flags)
        assert printed == f"{name}.png\n"
    low, high = (cv2.imread(str(tmp_path / f"{name}.png")) for name in ("low", "high"))
    assert low.shape[1] > 5 * low.shape[0], "the average and nine samples: one row of ten"
    assert low.shape == high.shape
    below = slice(low.shape[0] // 2, None)  # Not the title.
    assert (low[below] != high[below]).any()


@pytest.mark.slow
def test_attributes_from_the_prior(face_runs, tmp_path):
    flags = ("--num_samples=3", "--out=prior.png")
    printed = succeed(tmp_path, "generate", f"--run={face_runs / 'faces'}", *flags)
    path, first, *lines = printed.splitlines()
    assert (path, first) == ("prior.png", "attributes:")
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    for line in lines:
        names = line.split(maxsplit=1)[1].split(", ")
        assert set(names) <= {*faces.OFFICIAL_ATTRIBUTES, "none"}


@pytest.mark.parametrize(
    ("run", "arguments", "told"),
    [
        pytest.param(*case, marks=marks)
        for marks, cases in (
            (
                (),
                [
                    (
                        "faces",
                        ["--set=Smiling=1"],
                        "--set edits an image; received --set=Smiling=1 without --image; "
                        "give --image=… or use --given",
                    ),
                    (
                        "faces",
                        ["--image=face.png", "--set=Smiling=1", "--given=Male=1"],
                        "received --set=Smiling=1 and --given; leave --given out",
                    ),
                ],
            ),
            (
                pytest.mark.slow,
                [
                    (
                        "faces",
                        ["--image=face.png", "--set=Smiling=1", "--num_samples=3"],
                        "has no samples and no walk; received --set=Smiling=1 and --num_samples;",
                    ),
                    (
                        "faces",
                        ["--given=smiling=1"],
                        "received --given=smiling=1; did you mean Smiling?",
                    ),
                    (
                        "faces",
                        ["--image=face.png", "--set=Smiling=4"],
                        "must be yes, no or a number from -3 to 3; received --set=Smiling=4;",
                    ),
                    (
                        "faces",
                        ["--image=face.png", "--given=Smiling=1"],
                        "received --image and --given=<name>; leave one of them out",
                    ),
                    ("found", ["--image=face.png"], "face.png, 50x40 pixels, in which none was"),
                    (
                        "faces-cvae",
                        ["--image=face.png"],
                        "image from attributes; received --image; give --given=<name>=… alone",
                    ),
                    (
                        "faces-cvae",
                        ["--image=face.png", "--set=Smiling=1"],
                        "An edit needs a model that generates attributes from image and image from "
                        "attributes; received one that generates image from attributes; leave",
                    ),
                ],
            ),
        )
        for case in cases
    ],
)
def test_what_cannot_be_asked_of_faces(face_runs, face, run, arguments, told):
    before = contents(face.parent), contents(face_runs)
    done = start(face.parent, "generate", f"--run={face_runs / run}", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert (contents(face.parent), contents(face_runs)) == before


# bin/export.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "folder", "signatures"),
    [
        ("vae", "digits-vae", {"reconstruct_image", "embed", "decode_image"}),
        ("vae-label", "digits-vae-label", {"reconstruct_label", "embed", "decode_label"}),
        ("jmvae_h", "digits-jmvae_h", {"image_to_label", "label_to_image"}),
        ("cvae-label", "digits-cvae-label", {"image_to_label"}),
        ("cmma", "digits-cmma", {"label_to_image"}),
    ],
)
def test_export(runs, tmp_path, run, folder, signatures):
    printed = succeed(tmp_path, "export", f"--run={runs / run}")
    assert re.fullmatch(rf"saved_models/{folder}/1\n", printed)
    loaded = tf.saved_model.load(tmp_path / printed.strip())
    assert signatures | {"serving_default"} <= set(loaded.signatures)
