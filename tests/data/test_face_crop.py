"""Tests of finding and cutting faces."""

import cv2
import numpy as np
import pytest

from jmvae_tf.data import face_crop
from jmvae_tf.data.celeba import source_images
from jmvae_tf.data.face_crop import Box, Refusal
from tests.helpers.paths import ROOT

IMAGE = np.zeros((218, 178, 3), np.uint8)


def found(monkeypatch, *boxes):
    monkeypatch.setattr(face_crop, "_faces_worth_a_crop", lambda grey, lowest: boxes)


def test_box_is_enlarged_around_its_centre():
    assert Box(40, 60, 100).enlarged() == Box(25, 45, 130)


def test_largest_face_is_cut_out(monkeypatch, rng):
    image = rng.integers(0, 256, IMAGE.shape, np.uint8)
    found(monkeypatch, (20, 20, 70, 70), (40, 60, 100, 100))
    assert face_crop.find_crop(image) == Box(25, 45, 130)
    crop = face_crop.crop_face(image, 65)
    # Averages over 2 x 2 pixels.
    mean = image[45:175, 25:155].reshape(65, 2, 65, 2, 3).mean((1, 3))
    np.testing.assert_allclose(crop, mean, atol=0.75)
    assert crop.dtype == np.uint8


@pytest.mark.parametrize(
    ("box", "result"),
    [
        ((15, 60, 100, 100), Box(0, 45, 130)),
        ((14, 60, 100, 100), Refusal.BOX_OUTSIDE),
        ((40, 14, 100, 100), Refusal.BOX_OUTSIDE),
        ((63, 60, 100, 100), Box(48, 45, 130)),
        ((64, 60, 100, 100), Refusal.BOX_OUTSIDE),
        ((40, 104, 100, 100), Refusal.BOX_OUTSIDE),
        # 0.4 of 218 pixels are 87.2.
        ((40, 60, 68, 68), Box(30, 50, 88)),
        ((40, 60, 67, 67), Refusal.TOO_SMALL),
    ],
)
def test_limits_of_a_crop(monkeypatch, box, result):
    found(monkeypatch, box)
    assert face_crop.find_crop(IMAGE) == result


def test_image_without_a_face():
    assert face_crop.crop_face(IMAGE, 64) is Refusal.NO_FACE
    assert face_crop.find_faces(IMAGE) == []


def test_image_smaller_than_any_face():
    assert face_crop.crop_face(IMAGE[:10, :10], 64) is Refusal.NO_FACE


class Cascade:
    """Finds windows as it is told; remembers what it was asked for."""

    def __init__(self, *windows):
        self.windows = windows
        self.asked = []

    def detectMultiScale(self, grey, scale, neighbors, minSize, maxSize=(1000, 1000)):
        self.asked.append((minSize[0], maxSize[0]))
        return [w for w in self.windows if minSize[0] <= w[2] <= maxSize[0]]


def test_small_windows_are_looked_for_only_where_larger_ones_are_found(monkeypatch):
    face = [(40 + i, 60, 86, 86) for i in range(3)]
    small = [(42, 62, 72, 72), (43, 63, 60, 60)]
    asked = {
        (): [(72, 178)],
        (0,): [(72, 178), (60, 60)],
        (0, 1): [(72, 178), (60, 60), (50, 50)],
        (1,): [(72, 178)],
    }
    for chosen, sizes in asked.items():
        cascade = Cascade(*face, *(small[i] for i in chosen))
        monkeypatch.setattr(face_crop, "_cascade", lambda cascade=cascade: cascade)
        assert isinstance(face_crop.find_crop(IMAGE), Box)
        assert cascade.asked == sizes


def test_faces_of_a_photograph_are_sorted_and_not_tiny(monkeypatch):
    cascade = Cascade((0, 0, 99, 99), (5, 5, 100, 100), (500, 200, 300, 300))
    monkeypatch.setattr(face_crop, "_cascade", lambda: cascade)
    photograph = np.zeros((1000, 2000, 3), np.uint8)
    assert face_crop.find_faces(photograph) == [Box(500, 200, 300), Box(5, 5, 100)]


@pytest.mark.parametrize(("shape", "corner"), [((6, 4, 3), (1, 0)), ((4, 6, 3), (0, 1))])
def test_center_square(rng, shape, corner):
    image = rng.integers(0, 256, shape, np.uint8)
    top, left = corner
    np.testing.assert_array_equal(
        face_crop.center_square(image, 4), image[top : top + 4, left : left + 4]
    )


def authors_crop(cascade, image):
    """A straight transcription of the authors' steps; of several faces the largest."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    faces = cascade.detectMultiScale(grey, scaleFactor=1.2, minNeighbors=2, minSize=(10, 10))
    if not len(faces):
        return Refusal.NO_FACE
    x, y, width, _ = max(faces, key=lambda face: (face[2], -face[1], -face[0]))
    side = 1.3 * width
    left, top = x + width / 2 - side / 2, y + width / 2 - side / 2
    if min(left, top) < 0 or left + side > image.shape[1] or top + side > image.shape[0]:
        return Refusal.BOX_OUTSIDE
    if side <= 0.4 * image.shape[0]:
        return Refusal.TOO_SMALL
    return left, top, side


@pytest.mark.slow
def test_decisions_are_those_of_the_authors_steps():
    folder = ROOT.parent / "shared" / "data" / "celeba"
    if not folder.is_dir():
        pytest.skip(f"CelebA's official files are not in {folder}")
    cascade = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt.xml")
    images = source_images.open_images(folder)
    for name in sorted(images.names)[:1000]:
        image = cv2.imdecode(np.frombuffer(images.read(name), np.uint8), cv2.IMREAD_COLOR_RGB)
        theirs, ours = authors_crop(cascade, image), face_crop.find_crop(image)
        if isinstance(theirs, Refusal):
            assert ours is theirs, name
        else:
            assert isinstance(ours, Box), name
            assert np.allclose((ours.left, ours.top, ours.side), theirs, rtol=0, atol=2), name
