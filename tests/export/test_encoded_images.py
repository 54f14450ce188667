"""The graph decodes, cuts and resizes files as the programs do."""

import functools

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.clients.png import check_png
from jmvae_tf.data.image_file import decode_image, encode_png, read_image
from jmvae_tf.export import encoded_images

GREY_LEVEL = 1 / 255

SIZES = [(64, 64), (28, 28), (218, 178), (97, 401), (20, 31), (300, 65), (1, 1)]
SHAPES = [(28, 28, 1), (64, 64, 3), (24, 40, 4), (33, 16, 3)]


@functools.cache
def decoder(event_shape, fit):
    """A graph that decodes files, traced once."""
    return tf.function(
        lambda x: encoded_images.decode(x, event_shape, "image_bytes", fit),
        input_signature=[tf.TensorSpec((None,), tf.string)],
    )


def decode(files, event_shape, fit="crop"):
    return decoder(event_shape, fit)(tf.constant(files)).numpy()


def picture(height, width, rng):
    """Red first, with edges, noise and smooth parts."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([x * 255 / width, y * 255 / height, 127 + 127 * np.sin(x / 3 + y / 5)], -1)
    image[height // 3 : height // 2, width // 4 :] = (250, 10, 90)
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


def file_of(image, kind):
    blue_first = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    options = {
        "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
        "poor": [cv2.IMWRITE_JPEG_QUALITY, 30],
    }
    if kind == "grey png":
        return cv2.imencode(".png", blue_first[..., 0])[1].tobytes()
    if kind == "grey jpeg":
        return cv2.imencode(".jpg", blue_first[..., 0])[1].tobytes()
    if kind in ("png with alpha", "png with parts"):
        opacity = np.full((*image.shape[:2], 1), 255, np.uint8)
        if kind == "png with parts":
            opacity[::2] = image[::2, :, :1] // 2
        return cv2.imencode(".png", np.concatenate([blue_first, opacity], -1))[1].tobytes()
    ending = ".png" if kind == "png" else ".jpg"
    return cv2.imencode(ending, blue_first, options.get(kind, []))[1].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("event_shape", SHAPES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_as_the_programs_do(size, event_shape, rng, tmp_path):
    kinds = ["png", "grey png", "png with alpha", "png with parts", "jpeg", "grey jpeg"]
    kinds += ["progressive", "poor"]
    image = picture(*size, rng)
    files = [file_of(image, kind) for kind in kinds]
    decoded = decode(files, event_shape)
    assert decoded.shape == (len(kinds), *event_shape)
    for kind, file, ours in zip(kinds, files, decoded, strict=True):
        (tmp_path / "file").write_bytes(file)
        expected = read_image(tmp_path / "file", event_shape)
        np.testing.assert_allclose(ours, expected, atol=GREY_LEVEL + 1e-6, rtol=0, err_msg=kind)


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["pad", "stretch"])
@pytest.mark.parametrize("size", [(97, 401), (20, 31), (300, 65)], ids=str)
def test_whole_images_as_the_programs_do(size, fit, rng, tmp_path):
    (tmp_path / "file").write_bytes(file_of(picture(*size, rng), "png"))
    for event_shape in ((24, 40, 3), (33, 16, 1)):
        [ours] = decode([(tmp_path / "file").read_bytes()], event_shape, fit)
        expected = read_image(tmp_path / "file", event_shape, fit)
        np.testing.assert_allclose(ours, expected, atol=GREY_LEVEL + 1e-6, rtol=0)


def test_another_way_to_fit_is_refused():
    with pytest.raises(ValueError, match="'cut'"):
        decode([b""], (8, 8, 1), "cut")


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_small_files_are_enlarged_bilinearly(channels, tmp_path):
    """Centres of pixels lie half a pixel from the edges; beyond them the outermost counts."""
    levels = np.array([[0, 100], [200, 40]], np.uint8)[..., np.newaxis].repeat(channels, -1)
    weights = np.array([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    expected = np.einsum("ik,jl,klc->ijc", weights, weights, levels) / 255
    file = cv2.imencode(".png", levels)[1].tobytes()
    (tmp_path / "file").write_bytes(file)
    for enlarged in (
        decode([file], (4, 4, channels))[0],
        read_image(tmp_path / "file", (4, 4, channels)),
    ):
        np.testing.assert_allclose(enlarged, expected, atol=GREY_LEVEL, rtol=0)


def test_sixteen_bits(rng, tmp_path):
    levels = rng.integers(0, 2**16, (64, 64, 3), np.uint16)
    file = cv2.imencode(".png", levels)[1].tobytes()
    (tmp_path / "file").write_bytes(file)
    [ours] = decode([file], (64, 64, 3))
    expected = read_image(tmp_path / "file", (64, 64, 3))
    np.testing.assert_allclose(ours, expected, atol=GREY_LEVEL + 1e-6, rtol=0)


@pytest.mark.parametrize("event_shape", SHAPES, ids=str)
def test_encoded_files_hold_the_image(event_shape, rng):
    images = rng.uniform(-0.2, 1.2, (3, *event_shape)).astype("f")
    files = encoded_images.encode(tf.constant(images)).numpy()
    for file, image in zip(files, images, strict=True):
        read = decode_image(file, event_shape[-1]).reshape(event_shape)
        np.testing.assert_array_equal(read, np.round(np.clip(image, 0, 1) * 255))
    np.testing.assert_allclose(
        decode(files, event_shape), np.round(np.clip(images, 0, 1) * 255) / 255, atol=1e-6
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_files_of_this_package_are_those_of_the_graph(channels, rng):
    levels = rng.integers(0, 256, (6, 9, channels), np.uint8)
    [file] = encoded_images.encode(tf.constant(levels[np.newaxis] / np.float32(255))).numpy()
    for content in (file, encode_png(levels)):
        check_png(content, levels.shape)
        read = decode_image(content, channels).reshape(levels.shape)
        np.testing.assert_array_equal(read, levels)


@pytest.mark.parametrize(("width", "height"), [(4096, 2), (2, 4096)])
def test_images_of_the_longest_side_are_read(width, height):
    file = cv2.imencode(".png", np.full((height, width), 255, np.uint8))[1].tobytes()
    np.testing.assert_array_equal(decode([file], (4, 4, 1)), np.ones((1, 4, 4, 1)))
