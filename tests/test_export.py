"""Exported models, loaded by a process that has TensorFlow and nothing of ours."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export import export_saved_model
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL

BATCHES = (1, 7, 256)

# Float32 sums in another order: a few units in the last place of values up to 1.
TOLERANCE = 1e-6

PLAIN_TENSORFLOW = textwrap.dedent(
    """
    import sys
    sys.modules["keras"] = sys.modules["jmvae_tf"] = None  # Importing them raises ImportError.
    import numpy as np
    import tensorflow as tf

    path, inputs, outputs = sys.argv[1:]
    loaded = tf.saved_model.load(path)
    answers = {}
    for key, x in np.load(inputs).items():
        signature = key.rpartition("/")[0]
        [[name, answer]] = loaded.signatures[signature](tf.constant(x)).items()
        answers[f"{key}/{name}"] = answer.numpy()
    np.savez(outputs, signatures=sorted(loaded.signatures), **answers)
    """
)


def _answers(version, inputs, tmp_path):
    """What a fresh process makes of the inputs, `signature/batch` to array."""
    np.savez(tmp_path / "inputs.npz", **inputs)
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            PLAIN_TENSORFLOW,
            str(version),
            str(tmp_path / "inputs.npz"),
            str(tmp_path / "outputs.npz"),
        ],
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    return dict(np.load(tmp_path / "outputs.npz"))


@pytest.mark.parametrize("kind", [JMVAE, JMVAEKL])
def test_a_process_with_tensorflow_alone_gets_the_models_numbers(
    kind, two_modalities, rng, tmp_path
):
    model = kind(two_modalities, 3)
    version = export_saved_model(model, tmp_path / "saved" / "toy")
    assert version == tmp_path / "saved" / "toy" / "1"
    inputs = {}
    for size in BATCHES:
        inputs[f"image_to_label/{size}"] = rng.uniform(size=(size, 4, 4, 1)).astype("f")
        inputs[f"label_to_image/{size}"] = np.eye(3, dtype="f")[rng.integers(0, 3, size)]
    inputs["serving_default/7"] = inputs["image_to_label/7"]
    answers = _answers(version, inputs, tmp_path)
    assert answers.pop("signatures").tolist() == [
        "image_to_label",
        "label_to_image",
        "serving_default",
    ]
    assert len(answers) == len(inputs)
    for size in BATCHES:
        label = model.generate("label", {"image": inputs[f"image_to_label/{size}"]})
        np.testing.assert_allclose(
            answers[f"image_to_label/{size}/label"], label, rtol=0, atol=TOLERANCE
        )
        image = model.generate("image", {"label": inputs[f"label_to_image/{size}"]})
        np.testing.assert_allclose(
            answers[f"label_to_image/{size}/image"], image, rtol=0, atol=TOLERANCE
        )
    np.testing.assert_array_equal(
        answers["serving_default/7/label"], answers["image_to_label/7/label"]
    )


def test_a_signature_for_every_ordered_pair(three_modalities, tmp_path):
    version = export_saved_model(JMVAEKL(three_modalities, 2), tmp_path)
    signatures = tf.saved_model.load(version).signatures
    assert set(signatures) == {"serving_default"} | {
        f"{given}_to_{target}"
        for given in three_modalities
        for target in three_modalities
        if given != target
    }
    [[name, answer]] = signatures["left_to_right"](tf.zeros((5, 4, 2, 1))).items()
    assert (name, answer.shape, answer.dtype) == ("right", (5, 4, 2, 1), tf.float32)
    assert signatures["label_to_left"].structured_input_signature[1].keys() == {"label"}


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


def test_modalities_are_described(two_modalities, tmp_path):
    version = export_saved_model(JMVAEKL(two_modalities, 2), tmp_path)
    description = json.loads((version / "assets" / "modalities.json").read_text())
    assert description == {
        "image": {"shape": [4, 4, 1], "range": [0.0, 1.0], "shown_as": "image", "value_names": []},
        "label": {
            "shape": [3],
            "range": [0.0, 1.0],
            "shown_as": "label",
            "value_names": ["a", "b", "c"],
        },
    }
