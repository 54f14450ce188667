"""Exported models, loaded by a process that has TensorFlow and nothing of ours."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from jmvae_tf.export import export_saved_model
from jmvae_tf.models.cmma import CMMA
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_h import JMVAEH
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.vae import VAE

BATCHES = (1, 7)

# Float32 sums in another order: a few units in the last place of values up to 1.
TOLERANCE = 1e-6

# Reads lines of a SavedModel's folder, a file of inputs by "signature/batch/input" and one for the
# outputs; answers each with a line.
PLAIN_TENSORFLOW = textwrap.dedent(
    """
    import sys
    sys.modules["keras"] = sys.modules["jmvae_tf"] = None  # Importing them raises ImportError.
    import numpy as np
    import tensorflow as tf

    for line in sys.stdin:
        path, inputs, outputs = line.rstrip().split(",")
        loaded = tf.saved_model.load(path)
        calls = {}
        for key, x in np.load(inputs).items():
            call, name = key.rsplit("/", 1)
            calls.setdefault(call, {})[name] = tf.constant(x)
        answers = {
            f"{call}/{name}": answer.numpy()
            for call, given in calls.items()
            for name, answer in loaded.signatures[call.split("/")[0]](**given).items()
        }
        np.savez(outputs, signatures=list(loaded.signatures), **answers)
        print("done", flush=True)
    """
)


@pytest.fixture(scope="module")
def plain_tensorflow():
    """A fresh process that has TensorFlow alone, for as long as this module's tests take."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", PLAIN_TENSORFLOW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: x for name, x in os.environ.items() if name != "PYTHONPATH"},
    ) as process:
        yield process
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture
def answers_of(plain_tensorflow, tmp_path):
    """What that process makes of inputs: both `signature/batch/name` to array."""

    def answers(version, inputs):
        np.savez(tmp_path / "inputs.npz", **inputs)
        files = (version, tmp_path / "inputs.npz", tmp_path / "outputs.npz")
        print(",".join(map(str, files)), file=plain_tensorflow.stdin, flush=True)
        assert plain_tensorflow.stdout.readline() == "done\n"
        return dict(np.load(tmp_path / "outputs.npz"))

    return answers


@pytest.fixture
def modalities(two_modalities, three_modalities):
    """All of both, whose labels are alike."""
    return three_modalities | two_modalities


def _examples(modality, size, rng):
    """Grey images, and labels of which nothing is certain, as a client may send them."""
    x = rng.uniform(size=(size, *modality.event_shape)).astype("f")
    return x / x.sum(axis=-1, keepdims=True) if modality.shown_as == "label" else x


def _expected(model, signature, data, outputs):
    if signature == "embed":
        q = model.posterior(data)
        return {"mean": q.mean(), "stddev": q.stddev()}
    [target] = outputs
    return {target: model.generate(target, data)}


# Signature to its inputs and outputs; the first is also `serving_default`.
BOTH_WAYS = {"image_to_label": ("image", "label"), "label_to_image": ("label", "image")}
ALL_PAIRS = {
    "left_to_label": ("left", "label"),
    "left_to_right": ("left", "right"),
    "right_to_left": ("right", "left"),
    "right_to_label": ("right", "label"),
    "label_to_left": ("label", "left"),
    "label_to_right": ("label", "right"),
}
TWO = ("image", "label")
THREE = ("left", "right", "label")


def _itself(name):
    return {f"reconstruct_{name}": (name, name), "embed": (name, "mean,stddev")}


KINDS = {
    "vae of images": (VAE, ["image"], {}, _itself("image")),
    "vae of labels": (VAE, ["label"], {}, _itself("label")),
    "jmvae": (JMVAE, TWO, {"num_rounds": 3}, BOTH_WAYS),
    "jmvae_kl": (JMVAEKL, TWO, {}, BOTH_WAYS),
    "jmvae_kl of three": (JMVAEKL, THREE, {}, ALL_PAIRS),
    "jmvae_h": (JMVAEH, TWO, {"num_rounds": 3}, BOTH_WAYS),
    "jmvae_h of three": (JMVAEH, THREE, {"num_layers": 3, "num_rounds": 2}, ALL_PAIRS),
    "cvae": (CVAE, TWO, {"target": "image"}, {"label_to_image": ("label", "image")}),
    "cvae of three": (
        CVAE,
        THREE,
        {"target": "label"},
        {"left_right_to_label": ("left,right", "label")},
    ),
    "cmma": (CMMA, TWO, {"target": "label"}, {"image_to_label": ("image", "label")}),
    "cmma of three": (
        CMMA,
        THREE,
        {"target": "right"},
        {"left_label_to_right": ("left,label", "right")},
    ),
}
SLOW = {"jmvae_h of three"}


@pytest.mark.parametrize(
    ("kind", "names", "arguments", "signatures"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.slow] * (name in SLOW))
        for name, case in KINDS.items()
    ],
)
def test_a_process_with_tensorflow_alone_gets_the_models_numbers(
    kind, names, arguments, signatures, modalities, answers_of, rng, tmp_path
):
    model = kind({name: modalities[name] for name in names}, latent_dim=3, **arguments)
    version = export_saved_model(model, tmp_path / "saved" / "toy")
    assert version == tmp_path / "saved" / "toy" / "1"
    default = next(iter(signatures))
    inputs, expected = {}, {}
    for signature, (given, outputs) in {
        **signatures,
        "serving_default": signatures[default],
    }.items():
        for size in BATCHES:
            data = {name: _examples(modalities[name], size, rng) for name in given.split(",")}
            inputs |= {f"{signature}/{size}/{name}": x for name, x in data.items()}
            values = _expected(model, signature, data, outputs.split(","))
            assert list(values) == outputs.split(",")
            expected |= {f"{signature}/{size}/{name}": x for name, x in values.items()}
    answers = answers_of(version, inputs)
    assert set(answers.pop("signatures")) == {*signatures, "serving_default"}
    assert answers.keys() == expected.keys()
    for key, value in expected.items():
        assert answers[key].dtype == np.float32
        np.testing.assert_allclose(answers[key], value, rtol=0, atol=TOLERANCE, err_msg=key)


def test_versions_count_up_and_leave_nothing_else(two_modalities, tmp_path):
    model = JMVAEKL(two_modalities, 2)
    (tmp_path / "9").mkdir()
    (tmp_path / "notes").mkdir()
    assert [export_saved_model(model, tmp_path).name for _ in range(2)] == ["10", "11"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10", "11", "9", "notes"]


def test_a_failed_export_leaves_no_version(two_modalities, tmp_path, monkeypatch):
    def fail(model, path):
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jmvae_tf.export._write", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(JMVAEKL(two_modalities, 2), tmp_path / "toy")
    assert list((tmp_path / "toy").iterdir()) == []


LABEL = {
    "shape": [3],
    "range": [0.0, 1.0],
    "shown_as": "label",
    "value_names": ["a", "b", "c"],
}


def test_modalities_are_described(two_modalities, tmp_path):
    version = export_saved_model(JMVAEKL(two_modalities, 2), tmp_path)
    description = json.loads((version / "assets" / "modalities.json").read_text())
    assert description == {
        "image": {"shape": [4, 4, 1], "range": [0.0, 1.0], "shown_as": "image", "value_names": []},
        "label": LABEL,
    }


def test_conditions_are_described_and_what_a_vae_does_not_know_is_not(two_modalities, tmp_path):
    label = {"label": two_modalities["label"]}
    for model, described in (
        (CMMA(two_modalities, "image", 2), {"image", "label"}),
        (VAE(label, 2), {"label"}),
    ):
        version = export_saved_model(model, tmp_path)
        description = json.loads((version / "assets" / "modalities.json").read_text())
        assert description.keys() == described
        assert description["label"] == LABEL
