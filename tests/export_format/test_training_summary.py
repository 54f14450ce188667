"""The file of what an export says about its training data is read within limits."""

import copy
import dataclasses
import json

import numpy as np
import pytest

from jmvae_tf.export_format.latent_plane import LatentPlane
from jmvae_tf.export_format.training_summary import (
    EncodedImages,
    LatentMap,
    TrainingSummary,
    UsualImages,
    borders_of,
    distances_of,
    errors_of,
    read_training_summary,
    write_training_summary,
)
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

MODALITIES = {
    x.name: x
    for x in (
        Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        Modality("label", (3,), Categorical(), kind="label"),
        Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("red", "large")),
    )
}
Z = np.array([[0.5, -1, 2], [0, 0, 0], [3, 4, 5], [1, 1, 1e-7]], np.float32)
VALUES = {
    "label": np.array([0, 2, -1, 1]),
    "traits": np.array([[0, 1], [1, -1], [0, 0], [-1, -1]]),
}
PLANE = LatentPlane(Z.mean(axis=0), np.eye(2, 3, dtype=np.float32)[::-1])
MAP = LatentMap("image", PLANE, Z, VALUES)
SUMMARY = TrainingSummary(
    5, MAP, {"image": UsualImages(0.25, EncodedImages(Z, 0.125, 2.5))}, "epoch-000003.keras"
)


@pytest.fixture
def content(tmp_path):
    """What the file of `SUMMARY` holds."""
    write_training_summary(tmp_path / "summary.json", SUMMARY)
    return json.loads((tmp_path / "summary.json").read_text())


def read(content, tmp_path):
    path = tmp_path / "read.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_training_summary(path, MODALITIES)


def test_what_was_written_is_read(content, tmp_path):
    found = read(content, tmp_path)
    assert (found.num_examples, found.checkpoint) == (5, "epoch-000003.keras")
    read_back = (*found.latent_map.plane, found.latent_map.z)
    for value, written in zip(read_back, (*PLANE, Z), strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, written, rtol=1e-3)
    for name, values in VALUES.items():
        np.testing.assert_array_equal(found.latent_map.values[name], values)
    usual = found.images["image"]
    assert (usual.border, usual.encoded.error, usual.encoded.distance) == (0.25, 0.125, 2.5)
    np.testing.assert_array_equal(usual.encoded.z, found.latent_map.z)


def test_without_a_map_and_limits(tmp_path):
    summary = TrainingSummary(1, None, {"image": UsualImages(0.0, None)})
    write_training_summary(tmp_path / "summary.json", summary)
    assert read_training_summary(tmp_path / "summary.json", MODALITIES) == summary


def test_no_file_and_one_of_a_later_format(content, tmp_path):
    assert read_training_summary(tmp_path / "nowhere.json", MODALITIES) is None
    assert read({"version": 2, "anything": []}, tmp_path) is None


def test_one_of_another_latent_space_is_refused(tmp_path):
    path = tmp_path / "summary.json"
    write_training_summary(path, SUMMARY)
    assert read_training_summary(path, MODALITIES, 3) is not None
    with pytest.raises(UserError, match=r"summary.json: image with 3 latent values, not 4; export"):
        read_training_summary(path, MODALITIES, 4)


def test_measures_of_images():
    pixels = np.zeros((2, 4, 4, 1))
    pixels[0, 0], pixels[1, 1:3, 1:3] = 1.0, 1.0
    np.testing.assert_allclose(borders_of(pixels), [4 / 12, 0])
    np.testing.assert_allclose(errors_of(pixels, 0 * pixels), [0.25, 0.25])
    np.testing.assert_allclose(distances_of(np.array([[3, 4, 4], [0, 0, 2]]), Z), [1, 1.118], 1e-3)
    limits = dataclasses.replace(SUMMARY.images["image"].encoded, error=0.1, distance=1.05)
    z = np.array([[3, 4, 4], [0, 0, 2], [0, 0, 0]], np.float32)
    assert limits.are_near(z, np.array([0.1, 0, 0.2])).tolist() == [True, False, False]


def changed(content, path, value):
    """A copy of the content with another value at a path, or without it for `...`."""
    other = copy.deepcopy(content)
    *above, last = path
    inner = other
    for key in above:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return other


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (["num_examples"], ..., "no number of examples"),
        (["num_examples"], True, "no number of examples"),
        (["checkpoint"], 7, "no name of a checkpoint"),
        (["checkpoint"], "x" * 201, "no name of a checkpoint"),
        (["z"], [], "z is no object"),
        (["z", "nobody"], [[0.0]], "'nobody', which is no modality"),
        (["z", "image"], [], "image of 0 points"),
        (["z", "image"], [[0.0]] * 10_001, "image of 10001 points"),
        (["z", "image", 1], [0.0], r"image that are no finite numbers of the shape \[4, 3\]"),
        (["z", "image", 1, 1], "0", "no finite numbers"),
        (["z", "image", 1, 1], True, "no finite numbers"),
        (["z", "image", 1, 1], 10**400, "no finite numbers"),
        (["z", "image", 1, 1], float("nan"), "no finite numbers"),
        (["latent_map", "modality"], "label", "a map without points"),
        (["latent_map", "modality"], ["image"], "a map without points"),
        (["latent_map", "center"], [0.0], r"center that are no finite numbers of the shape \[3\]"),
        (["latent_map", "axes"], [[0.0] * 3], r"axes that are no finite numbers"),
        (["latent_map", "axes"], [[2, 0, 0], [0, 1, 0]], "not of length 1 and at right angles"),
        (["latent_map", "axes"], [[1, 0, 0], [1, 0, 0]], "not of length 1 and at right angles"),
        (["latent_map", "values"], None, "values is no object"),
        (["latent_map", "values", "image"], [], "'image', neither a label nor attributes"),
        (["latent_map", "values", "label"], [0, 1], "label that are no finite numbers"),
        (["latent_map", "values", "label", 0], 3, "label of points with values that it does not"),
        (["latent_map", "values", "label", 0], 0.5, "label of points with values that it does"),
        (["latent_map", "values", "traits", 0], [0, 2], "traits of points with values"),
        (["borders", "label"], 0.0, "'label', which is no image"),
        (["borders", "image"], -1, "image below 0"),
        (["limits", "image", "error"], None, "error that are no finite numbers"),
        (["limits", "image", "distance"], -1, "distance below 0"),
    ],
)
def test_what_is_damaged_is_refused(content, tmp_path, path, value, told):
    with pytest.raises(UserError, match=told):
        read(changed(content, path, value), tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1, "version": 1}', "{" * 10_000])
def test_what_is_no_object(tmp_path, text):
    with pytest.raises(UserError, match="What a model says about its training data must be as"):
        read(text, tmp_path)
