"""Exported models, loaded by a process that has TensorFlow and nothing of ours."""

import dataclasses
import functools
import json
import os
import re
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data.faces import face_modalities
from jmvae_tf.export import signatures as signature_families
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models import editing
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.cmma import CMMA
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_h import JMVAEH
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.models.vae import VAE

BATCHES = (1, 7, 256)

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
        for key, x in np.load(inputs, allow_pickle=True).items():
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
        return dict(np.load(tmp_path / "outputs.npz", allow_pickle=True))

    return answers


_STANDARDISED = face_modalities(8, ("x", "y", "z"))
MODALITIES = {
    "left": Modality("left", (4, 2, 1), Bernoulli(), kind="image"),
    "right": Modality("right", (4, 2, 1), Gaussian(0.5), kind="image"),
    "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
    "label": Modality("label", (3,), Categorical(), kind="label", value_names=("a", "b", "c")),
    # These have statistics.
    "photo": dataclasses.replace(_STANDARDISED["image"], name="photo"),
    "attributes": _STANDARDISED["attributes"],
}


TWO = ("image", "label")
FACES = ("photo", "attributes")
THREE = ("left", "right", "label")

# Signature to the shapes of its inputs and outputs; the first is also `serving_default`.
BOTH_WAYS = {
    "image_to_label": ("image", "label"),
    "label_to_image": ("label", "image"),
    "encoded_image_to_label": ("image_bytes", "label"),
    "label_to_encoded_image": ("label", "image_bytes"),
    "sample_image_from_label": ("label,seed", "image"),
    "edit_image": ("image,label", "image"),
    "redraw_image": ("image,label", "image"),
    "embed": ("image", "mean,stddev"),
    "decode_image": ("z", "image"),
    "decode_label": ("z", "label"),
}
OF_FACES = {
    "photo_to_attributes": ("photo", "attributes"),
    "attributes_to_photo": ("attributes", "photo"),
    "encoded_photo_to_attributes": ("photo_bytes", "attributes"),
    "attributes_to_encoded_photo": ("attributes", "photo_bytes"),
    "sample_photo_from_attributes": ("attributes,seed", "photo"),
    "edit_photo": ("photo,attributes", "photo"),
    "redraw_photo": ("photo,attributes", "photo"),
    "embed": ("photo", "mean,stddev"),
    "decode_photo": ("z", "photo"),
    "decode_attributes": ("z", "attributes"),
}
OF_THREE = {
    "left_to_label": ("left", "label"),
    "right_to_label": ("right", "label"),
    "left_to_right": ("left", "right"),
    "right_to_left": ("right", "left"),
    "label_to_left": ("label", "left"),
    "label_to_right": ("label", "right"),
    "sample_left_from_right": ("right,seed", "left"),
    "sample_left_from_label": ("label,seed", "left"),
    "sample_right_from_left": ("left,seed", "right"),
    "sample_right_from_label": ("label,seed", "right"),
    "left_to_encoded_right": ("left", "right_bytes"),
    "right_to_encoded_left": ("right", "left_bytes"),
    "label_to_encoded_left": ("label", "left_bytes"),
    "label_to_encoded_right": ("label", "right_bytes"),
    "edit_left": ("left,label", "left"),
    "edit_right": ("right,label", "right"),
    "redraw_left": ("left,label", "left"),
    "redraw_right": ("right,label", "right"),
    "embed_left": ("left", "mean,stddev"),
    "embed_right": ("right", "mean,stddev"),
    "embed_label": ("label", "mean,stddev"),
    "decode_left": ("z", "left"),
    "decode_right": ("z", "right"),
    "decode_label": ("z", "label"),
    "encoded_left_to_label": ("left_bytes", "label"),
    "encoded_right_to_label": ("right_bytes", "label"),
    "encoded_left_to_right": ("left_bytes", "right"),
    "encoded_right_to_left": ("right_bytes", "left"),
    "left_right_to_label": ("left,right", "label"),
    "left_label_to_right": ("left,label", "right"),
    "right_label_to_left": ("right,label", "left"),
    "encoded_left_encoded_right_to_label": ("left_bytes,right_bytes", "label"),
    "encoded_left_label_to_right": ("left_bytes,label", "right"),
    "encoded_right_label_to_left": ("right_bytes,label", "left"),
    "left_label_to_encoded_right": ("left,label", "right_bytes"),
    "right_label_to_encoded_left": ("right,label", "left_bytes"),
    "sample_left_from_right_label": ("right,label,seed", "left"),
    "sample_right_from_left_label": ("left,label,seed", "right"),
}


def _itself(name):
    return {
        f"reconstruct_{name}": (name, name),
        "embed": (name, "mean,stddev"),
        f"decode_{name}": ("z", name),
    }


def _chosen(signatures, *names):
    return {name: signatures[name] for name in names}


TO_IMAGE = _chosen(BOTH_WAYS, "label_to_image", "label_to_encoded_image", "sample_image_from_label")
TO_LABEL = _chosen(BOTH_WAYS, "image_to_label", "encoded_image_to_label")

KINDS = {
    "vae of images": (VAE, ["image"], {}, _itself("image")),
    "vae of labels": (VAE, ["label"], {}, _itself("label")),
    "jmvae": (JMVAE, TWO, {"num_rounds": 2}, BOTH_WAYS),
    "jmvae of faces": (JMVAE, FACES, {"num_rounds": 2}, OF_FACES),
    "jmvae of zeros": (JMVAE, TWO, {"num_rounds": 1, "missing": "zeros"}, BOTH_WAYS),
    "jmvae_kl": (JMVAEKL, TWO, {}, BOTH_WAYS),
    "jmvae_kl of faces": (JMVAEKL, FACES, {}, OF_FACES),
    "jmvae_kl of three": (JMVAEKL, THREE, {}, OF_THREE),
    "jmvae_h": (JMVAEH, TWO, {"num_rounds": 2}, BOTH_WAYS),
    "jmvae_h of faces": (JMVAEH, FACES, {"num_rounds": 2}, OF_FACES),
    "jmvae_h of three": (JMVAEH, THREE, {"num_layers": 3, "num_rounds": 2}, OF_THREE),
    "cvae": (CVAE, TWO, {"target": "image"}, TO_IMAGE),
    "cvae of three": (
        CVAE,
        THREE,
        {"target": "label"},
        _chosen(OF_THREE, "left_right_to_label", "encoded_left_encoded_right_to_label"),
    ),
    "cmma": (CMMA, TWO, {"target": "label"}, TO_LABEL),
    "cmma of three": (
        CMMA,
        THREE,
        {"target": "right"},
        _chosen(
            OF_THREE,
            *("left_label_to_right", "encoded_left_label_to_right"),
            *("left_label_to_encoded_right", "sample_right_from_left_label"),
        ),
    ),
}
SLOW = {
    "cvae of three",
    "vae of images",
    "vae of labels",
    "jmvae",
    "jmvae_kl of faces",
    "cmma of three",
    "jmvae_h",
    "jmvae_kl of three",
    "jmvae_h of three",
    "jmvae_h of faces",
    "jmvae of faces",
    "jmvae of zeros",
}


def _model(kind, names, arguments):
    model = kind({name: MODALITIES[name] for name in names}, latent_dim=3, **arguments)
    for name, statistics in model.statistics.items():
        if MODALITIES[name].standardised:
            statistics.set_statistics(
                np.full(MODALITIES[name].event_shape, 0.4),
                np.full(MODALITIES[name].event_shape, 0.3),
            )
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model of `KINDS` and its export, which is made once."""

    @functools.cache
    def export(name):
        kind, names, arguments, _ = KINDS[name]
        model = _model(kind, names, arguments)
        return model, export_saved_model(model, tmp_path_factory.mktemp("saved") / "toy")

    return export


def _examples(modality, size, rng):
    """Grey images, attributes, and labels of which nothing is certain, as a client sends them."""
    shape = (size, *modality.event_shape)
    if modality.kind == "attributes":
        return rng.uniform(-3, 3, shape).astype("f")
    # Levels of files, so that images and files of them are the same.
    x = (rng.integers(0, 256, shape) / 255).astype("f")
    return x / x.sum(axis=-1, keepdims=True) if modality.kind == "label" else x


def _files(images):
    levels = np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)
    return np.array([tf.io.encode_png(image).numpy() for image in levels], object)


def _request(model, given, size, rng):
    """The data that the model is asked about, and the signature's inputs that say the same."""
    data = {
        name: _examples(model.modalities[name], size, rng)
        for name in given.replace("_bytes", "").split(",")
        if name not in ("seed", "z")
    }
    inputs = {
        name: rng.integers(0, 2**31, size, np.int32)
        if name == "seed"
        else rng.normal(size=(size, model.latent_dim)).astype(np.float32)
        if name == "z"
        else _files(data[name.removesuffix("_bytes")])
        if name.endswith("_bytes")
        else data[name]
        for name in given.split(",")
    }
    return data, inputs


def _expected(model, signature, data, inputs, outputs):
    """What the Keras model answers, an example at a time where it draws."""
    if signature.startswith("decode"):
        [target] = outputs
        z = model.decoders_latent(inputs["z"])
        return {target: model.decoded_mean(target, z)}
    if signature.startswith("sample"):
        [target] = outputs
        return {
            target: np.concatenate(
                [
                    model.generate(
                        target, {name: x[[i]] for name, x in data.items()}, 1, int(seed)
                    )[0]
                    for i, seed in enumerate(inputs["seed"])
                ]
            )
        }
    if model.samples_to_infer and len(next(iter(data.values()))) > 1:
        size = len(next(iter(data.values())))
        alone = [
            _expected(
                model,
                signature,
                {name: x[[i]] for name, x in data.items()},
                {name: x[[i]] for name, x in inputs.items()},
                outputs,
            )
            for i in range(size)
        ]
        return {name: np.concatenate([x[name] for x in alone]) for name in outputs}
    if signature.startswith("embed"):
        q = model.posterior(data)
        return {"mean": q.mean(), "stddev": q.stddev()}
    [target] = outputs
    if signature.startswith("edit"):
        [condition] = data.keys() - {target}
        return {
            target: editing.edit(model, target, data[target], condition, data[condition]).edited
        }
    if signature.startswith("redraw"):
        [condition] = data.keys() - {target}
        return {target: editing.redrawn(model, target, data[target], condition, data[condition])}
    image = model.generate(target.removesuffix("_bytes"), data)
    return {target: _files(image.numpy()) if target.endswith("_bytes") else image}


def _levels(files):
    return np.stack([tf.io.decode_png(file).numpy().astype("f") for file in files])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in KINDS]
)
def test_a_process_with_tensorflow_alone_gets_the_models_numbers(name, exported, answers_of, rng):
    signatures = KINDS[name][-1]
    model, version = exported(name)
    assert version.parts[-2:] == ("toy", "1")
    default = next(iter(signatures))
    inputs, expected = {}, {}
    for signature, (given, outputs) in {
        **signatures,
        "serving_default": signatures[default],
    }.items():
        for size in BATCHES:
            data, sent = _request(model, given, size, rng)
            inputs |= {f"{signature}/{size}/{name}": x for name, x in sent.items()}
            # Of a large batch of what is drawn, the first examples tell enough.
            told = 2 if model.samples_to_infer or "seed" in sent else size
            values = _expected(
                model,
                signature,
                {name: x[:told] for name, x in data.items()},
                {name: x[:told] for name, x in sent.items()},
                outputs.split(","),
            )
            assert list(values) == outputs.split(",")
            expected |= {f"{signature}/{size}/{name}": x for name, x in values.items()}
    answers = answers_of(version, inputs)
    assert set(answers.pop("signatures")) == {*signatures, "serving_default"}
    assert answers.keys() == expected.keys()
    for key, value in expected.items():
        answer = answers[key]
        assert len(answer) == int(key.split("/")[1])
        if key.endswith("_bytes"):  # A value on the edge between two levels may round either way.
            assert np.abs(_levels(answer[: len(value)]) - _levels(value)).max() <= 1
            continue
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer[: len(value)], value, rtol=0, atol=TOLERANCE, err_msg=key)


# Reads lines of a SavedModel's folder, inputs and outputs as above, for its default signature.
OTHER_RUNTIME = textwrap.dedent(
    """
    import sys
    sys.modules["tensorflow"] = sys.modules["keras"] = sys.modules["jmvae_tf"] = None
    import numpy as np
    import openvino

    path, inputs, outputs = sys.argv[1:]
    # Left to itself it computes in bfloat16 where the processor can.
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    answers = {}
    for size, x in np.load(inputs).items():
        [answers[size]] = compiled([x]).values()
    np.savez(outputs, **answers)
    """
)


def _default_of(version, signature, path):
    """The same SavedModel with another default signature, which is what other runtimes take."""
    loaded = tf.saved_model.load(version)
    tf.saved_model.save(loaded, path, {"serving_default": loaded.signatures[signature]})
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signature", "given", "target"),
    [
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (("image_to_label", "image", "label"), ("label_to_image", "label", "image"))
        ),
        ("photo_to_attributes", "photo", "attributes"),
        pytest.param("attributes_to_photo", "attributes", "photo", marks=pytest.mark.slow),
    ],
)
def test_another_runtime_agrees(signature, given, target, exported, rng, tmp_path):
    """OpenVINO, which has its own reader of SavedModels and its own kernels; no TensorFlow."""
    model, version = exported("jmvae_kl of faces" if "photo" in signature else "jmvae_kl")
    inputs = {str(size): _examples(MODALITIES[given], size, rng) for size in BATCHES}
    np.savez(tmp_path / "inputs.npz", **inputs)
    subprocess.run(
        [
            *(sys.executable, "-I", "-c", OTHER_RUNTIME),
            _default_of(version, signature, str(tmp_path / "default")),
            *(tmp_path / "inputs.npz", tmp_path / "outputs.npz"),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    answers = np.load(tmp_path / "outputs.npz")
    assert set(answers) == set(inputs)
    for size, x in inputs.items():
        expected = model.generate(target, {given: x})
        np.testing.assert_allclose(answers[size], expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_the_command_line_shows_names_and_shapes(exported):
    """saved_model_cli, which comes with TensorFlow."""
    _, version = exported("jmvae_kl of faces")
    cli = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli"]
    shown = subprocess.run(
        [*cli, "show", "--dir", version, "--all"], check=True, capture_output=True, text=True
    ).stdout
    shapes = {
        "photo": "DT_FLOAT (-1, 8, 8, 3)",
        "attributes": "DT_FLOAT (-1, 3)",
        "seed": "DT_INT32 (-1)",
        "photo_bytes": "DT_STRING (-1)",
        "mean": "DT_FLOAT (-1, 3)",
        "stddev": "DT_FLOAT (-1, 3)",
        "z": "DT_FLOAT (-1, 3)",
    }
    parts = re.split(r"signature_def\['(\w+)'\]:", shown)
    described = dict(zip(parts[1::2], parts[2::2], strict=True))
    described.pop("__saved_model_init_op", None)
    assert described.keys() == {*OF_FACES, "serving_default"}
    for signature, (given, outputs) in OF_FACES.items():
        found = re.findall(
            r"(inputs|outputs)\['(\w+)'\] tensor_info:\s+dtype: (\w+)\s+shape: (\([^)]*\))",
            described[signature],
        )
        wanted = [("inputs", x) for x in given.split(",")]
        wanted += [("outputs", x) for x in outputs.split(",")]
        assert sorted((kind, name, f"{dtype} {shape}") for kind, name, dtype, shape in found) == (
            sorted((kind, name, shapes[name]) for kind, name in wanted)
        )


@pytest.mark.slow
def test_a_reply_depends_on_nothing_else_in_the_batch(rng, tmp_path, monkeypatch):
    # These two alone, which draw.
    families = (signature_families._averages, signature_families._samples)
    monkeypatch.setattr(signature_families, "_FAMILIES", families)
    model = _model(JMVAE, TWO, {"num_rounds": 3})
    signatures = tf.saved_model.load(export_saved_model(model, tmp_path)).signatures
    label = tf.constant(_examples(MODALITIES["label"], 5, rng))
    seed = tf.constant([3, 1, 4, 1, 5], tf.int32)
    backwards = tf.range(4, -1, -1)
    for name, inputs in (
        ("label_to_image", {"label": label}),
        ("sample_image_from_label", {"label": label, "seed": seed}),
    ):
        straight = signatures[name](**inputs)["image"]
        turned = signatures[name](**{k: tf.gather(x, backwards) for k, x in inputs.items()})
        np.testing.assert_allclose(straight[::-1], turned["image"], atol=TOLERANCE)


def test_the_same_seed_draws_the_same_image(exported):
    _, version = exported("jmvae_kl")
    sample = tf.saved_model.load(version).signatures["sample_image_from_label"]
    label = tf.constant([[1.0, 0.0, 0.0]] * 4)
    image = sample(label=label, seed=tf.constant([7, 8, 7, -1]))["image"].numpy()
    np.testing.assert_array_equal(image[0], image[2])
    assert np.abs(image[0] - image[1]).max() > 1e-3
    assert np.abs(image[0] - image[3]).max() > 1e-3


def _mixture(latent_dim):
    """A mixture of two Gaussians that are far from each other."""
    means = np.stack([np.full(latent_dim, -2.0), np.full(latent_dim, 2.0)]).astype("f")
    factors = np.tile(0.1 * np.tril(np.ones((latent_dim, latent_dim), "f")), (2, 1, 1))
    return LatentMixture(np.array([0.25, 0.75], "f"), means, factors, 100)


@pytest.mark.parametrize(
    "name", ["jmvae_kl of faces", pytest.param("jmvae_h", marks=pytest.mark.slow)]
)
def test_a_mixture_is_sampled_by_seed_without_this_package(name, answers_of, tmp_path, monkeypatch):
    monkeypatch.setattr(signature_families, "_FAMILIES", (signature_families._decoders,))
    kind, names, arguments, _ = KINDS[name]
    model, mixture = _model(kind, names, arguments), _mixture(3)
    version = export_saved_model(model, tmp_path / "toy", mixture=mixture)
    seeds = np.array([7, -1, 2**31 - 1, 7, 0], np.int32)
    answers = answers_of(version, {f"sample_{x}/5/seed": seeds for x in model.targets})
    told = {f"{verb}_{x}" for verb in ("decode", "sample") for x in model.targets}
    assert set(answers.pop("signatures")) == {*told, "serving_default"}
    z = mixture.sample(5, tf.stack([seeds, np.zeros_like(seeds)], axis=1))
    for target in model.targets:
        found = answers[f"sample_{target}/5/{target}"]
        np.testing.assert_allclose(found, model.decoded_mean(target, z), atol=TOLERANCE)
        np.testing.assert_array_equal(found[0], found[3])
        assert np.abs(found[0] - found[1]).max() > 1e-4


@pytest.mark.parametrize(("name", "size"), [("jmvae_kl", 4), ("cvae", 3)])
def test_a_mixture_of_another_model_is_refused(name, size, tmp_path):
    kind, names, arguments, _ = KINDS[name]
    with pytest.raises(ValueError, match=f"Received: one of {size} values"):
        export_saved_model(_model(kind, names, arguments), tmp_path, mixture=_mixture(size))
    assert not list(tmp_path.iterdir())


@pytest.fixture
def _mixed_precision():
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.bfloat16
@pytest.mark.usefixtures("_mixed_precision")
def test_requests_are_float32_whatever_the_precision_of_training(rng, tmp_path, monkeypatch):
    families = (signature_families._averages, signature_families._embeddings)
    monkeypatch.setattr(signature_families, "_FAMILIES", families)
    model = _model(JMVAEKL, FACES, {})
    signatures = tf.saved_model.load(export_saved_model(model, tmp_path)).signatures
    assert model.encoders["photo"].body.compute_dtype == "bfloat16"
    attributes = tf.constant(_examples(MODALITIES["attributes"], 2, rng))
    image = signatures["attributes_to_photo"](attributes)["photo"]
    assert image.dtype == tf.float32
    np.testing.assert_allclose(
        image, model.generate("photo", {"attributes": attributes}), atol=0.02
    )
    assert signatures["embed"](image)["stddev"].dtype == tf.float32


def test_only_what_signatures_need_is_exported(exported):
    model, version = exported("jmvae_kl")
    assert without_adversary(Adversarial(model, "image")) is model
    loaded = tf.saved_model.load(version)
    used = sum(int(tf.size(x)) for x in loaded.used)
    parts = [*model.encoders.values(), *model.decoders.values()]
    assert used == sum(part.count_params() for part in parts)


def test_versions_count_up_and_leave_nothing_else(two_modalities, tmp_path):
    model = VAE({"label": two_modalities["label"]}, 2)
    (tmp_path / "9").mkdir()
    (tmp_path / "notes").mkdir()
    assert [export_saved_model(model, tmp_path).name for _ in range(2)] == ["10", "11"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10", "11", "9", "notes"]


def test_a_failed_export_leaves_no_version(exported, tmp_path, monkeypatch):
    model, _ = exported("jmvae_kl")

    def fail(signatures, path):
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jmvae_tf.export.saved_model._write_graph", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(model, tmp_path / "toy")
    assert list((tmp_path / "toy").iterdir()) == []


LABEL = {
    "shape": [3],
    "range": [0.0, 1.0],
    "kind": "label",
    "shown_as": "label",
    "value_names": ["a", "b", "c"],
    "means": None,
}


def test_modalities_are_described(exported):
    _, version = exported("jmvae_kl")
    description = json.loads((version / "assets" / "modalities.json").read_text())
    assert description == {
        "image": {
            "shape": [4, 4, 1],
            "range": [0.0, 1.0],
            "kind": "image",
            "shown_as": "image",
            "value_names": [],
            "means": None,
        },
        "label": LABEL,
    }


@pytest.mark.slow
def test_conditions_are_described_and_what_a_vae_does_not_know_is_not(exported):
    for name, described in (("cvae", {"image", "label"}), ("vae of labels", {"label"})):
        _, version = exported(name)
        description = json.loads((version / "assets" / "modalities.json").read_text())
        assert description.keys() == described
        assert description["label"] == LABEL
