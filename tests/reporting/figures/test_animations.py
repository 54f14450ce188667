"""GIFs hold what moves, and stay small."""

import io

import numpy as np
import pytest
from PIL import Image

from jmvae_tf.reporting.figures import animations


def _read(content):
    """The frames of a GIF, uint8 [frames, height, width, 3], and how long each is shown."""
    frames, durations = [], []
    with Image.open(io.BytesIO(content)) as gif:
        assert gif.format == "GIF"
        assert gif.info["loop"] == 0, "it repeats for ever"
        for number in range(gif.n_frames):
            gif.seek(number)
            frames.append(np.asarray(gif.convert("RGB")))
            durations.append(gif.info["duration"])
    return np.stack(frames), durations


def test_a_gif_has_the_frames_and_waits_where_it_should(rng):
    shades = np.linspace(0, 255, 5).astype(np.uint8)
    frames = np.broadcast_to(shades[:, None, None, None], (5, 20, 30, 3))
    read, durations = _read(animations.as_gif(frames, pauses=[0, 4]))
    np.testing.assert_allclose(read.astype(int), frames, atol=3)
    assert durations == [1000, 60, 60, 60, 1000]


@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_stand_in_rows_in_order(channels):
    frames = np.zeros((2, 5, 4, 4, channels), "f")
    frames[1, 3] = 0.5  # Of rows of three: the first below.
    drawn = animations.tiled(frames, 32, 3, names="abcde", title="A title")
    y, x, _ = np.nonzero(drawn[0] != drawn[1])
    assert y.min() > drawn.shape[1] / 2
    assert x.max() < drawn.shape[2] / 2
    changed = drawn[1, y.min() + 2 : y.max() - 2, x.min() + 2 : x.max() - 2]
    assert changed.size > 20 * 20
    np.testing.assert_allclose(changed, 128, atol=2)


def test_what_does_not_move_takes_next_to_no_space(rng):
    still = np.repeat(rng.random((1, 4, 16, 16, 3)), 20, axis=0)
    one, many = (len(animations.as_gif(animations.tiled(x, 64, 2))) for x in (still[:1], still))
    assert many < 1.2 * one


def test_names_of_any_length_stay_within_their_tiles():
    frames = np.ones((1, 2, 8, 8, 1), "f")
    names = ["a", "an attribute of a very long name " * 9]
    short = animations.tiled(frames, 64, 2, ["a", "b"])
    assert animations.tiled(frames, 64, 2, names, "title " * 99).shape[2] == short.shape[2]
    swapped = animations.tiled(frames, 64, 2, names[::-1])
    right = swapped[0, :, swapped.shape[2] // 2 + 10 :]
    assert (right < 100).sum() < 200, "the long name does not reach the next tile"


def test_a_movement_starts_gently_and_comes_back():
    steps = animations.eased(9)
    assert (steps[0], steps[-1]) == (0, 1)
    assert steps[1] < 1 / 8 < np.diff(steps).max()
    assert animations.there_and_back(np.arange(4)).tolist() == [0, 1, 2, 3, 2, 1]


def test_movements_stand_below_each_other_in_the_middle():
    narrow, wide = (np.zeros((2, 3, width, 3), np.uint8) for width in (4, 9))
    both = animations.stacked([narrow, wide])
    assert both.shape == (2, 6, 9, 3)
    assert (both[:, :3, 2:6] == 0).all()
    assert (both[:, :3, :2] == 255).all()
