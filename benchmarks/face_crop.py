#!/usr/bin/env python3
"""Rate of finding faces in CelebA against the authors' steps, and whether both agree.

Both decide on each image in turn, with one thread, and processor time is counted: other work on the
machine disturbs both alike. Reading and decoding the images is counted for neither.

    .venv/bin/python benchmarks/face_crop.py --source=DIR

What was tried besides (400 images, times the authors' rate): `minSize` 50 alone, 2.9; `minSize` 60
alone, 4.3, with other decisions on 1 of 1,000 images; `minSize` 66, 6.4, with boxes up to 7 pixels
off; a `maxSize`, nothing; the part of the image alone where an accepted face can lie, 5.2, with
other decisions on 3 of 100 images, for the windows then lie elsewhere.
"""

import collections
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from absl import app, flags

from jmvae_tf.data import face_crop
from jmvae_tf.data.celeba import source_images

_SOURCE = flags.DEFINE_string("source", None, "folder of CelebA's official files", required=True)
_IMAGES = flags.DEFINE_integer("images", 1000, "images, the first ones")
_CASCADE = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt.xml")


def authors_crop(image):
    """The authors' steps, one by one; of several faces the largest."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    faces = _CASCADE.detectMultiScale(grey, scaleFactor=1.2, minNeighbors=2, minSize=(10, 10))
    if not len(faces):
        return face_crop.Refusal.NO_FACE
    left, top, side, _ = max(faces, key=lambda face: (face[2], -face[1], -face[0]))
    enlarged = round(1.3 * side)
    left, top = left - (enlarged - side) // 2, top - (enlarged - side) // 2
    height, width = grey.shape
    if left < 0 or top < 0 or left + enlarged > width or top + enlarged > height:
        return face_crop.Refusal.BOX_OUTSIDE
    if enlarged <= 0.4 * height:
        return face_crop.Refusal.TOO_SMALL
    return face_crop.Box(left, top, enlarged)


def main(argv):
    """Times, compares and prints."""
    del argv
    cv2.setNumThreads(1)
    images = source_images.open_images(pathlib.Path(_SOURCE.value))
    names = sorted(images.names)[: _IMAGES.value]
    ways = {"the authors' steps": authors_crop, "jmvae_tf": face_crop.find_crop}
    seconds = dict.fromkeys(ways, 0.0)
    differences = collections.Counter()
    for name in names:
        image = cv2.imdecode(np.frombuffer(images.read(name), np.uint8), cv2.IMREAD_COLOR_RGB)
        results = []
        for way, crop in ways.items():
            start = time.process_time()
            results.append(crop(image))
            seconds[way] += time.process_time() - start
        theirs, ours = results
        if isinstance(theirs, face_crop.Box) and isinstance(ours, face_crop.Box):
            near = max(abs(theirs.left - ours.left), abs(theirs.top - ours.top)) <= 2
            differences["accepted by both"] += 1
            differences["same box"] += theirs == ours
            differences["box within 2 pixels"] += near and abs(theirs.side - ours.side) <= 2
        else:
            differences["refused for the same reason"] += theirs is ours
            differences["decided otherwise"] += theirs is not ours
    rates = {way: len(names) / spent for way, spent in seconds.items()}
    for way, rate in rates.items():
        ratio = rate / rates["the authors' steps"]
        print(f"{way:<20} {rate:7.1f} images/s a core  ratio {ratio:.2f}")
    for what, number in differences.items():
        print(f"{what:<30} {number:6d} of {len(names)}")


if __name__ == "__main__":
    app.run(main)
