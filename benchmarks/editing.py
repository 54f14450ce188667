#!/usr/bin/env python3
r"""Measures what edits of drawn faces keep, and how near they come to what was asked for.

One attribute of each face is changed, in three ways: as in Figure 8 of the 2018 paper, by adding
the difference of two averages to the image; by drawing it again at its own latent values, moved as
those of the attributes move (`editing.redrawn`); and by decoding at the mean of q(z|x, w) with the
changed attributes w. As a face can be drawn again with another attribute and all else equal, it is
known which pixels are asked to change. In the others a perfect edit changes nothing.

    .venv/bin/python benchmarks/editing.py --run=RUN \
        --export=saved_models/shipped/toyfaces-jmvae_kl_gan

Both flags can be repeated, to compare models.

It prints, per model and way, mean absolute differences in levels of 0 to 255 with standard errors
over faces: to the face as it was, in the background, in the skin and in the rest of what is not
asked to change; and to the true edit where a change is asked for. "nothing" leaves the image as it
is. An export can be edited in the first two ways.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from absl import app, flags
from edited_faces import distances, true_edits

from jmvae_tf.data.toyfaces import loading, people
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

_RUNS = flags.DEFINE_multi_string("run", [], "folder of a run of bin/train on toyfaces")
_EXPORTS = flags.DEFINE_multi_string("export", [], "a SavedModel, or the folder above its versions")
_FACES = flags.DEFINE_integer("faces", 400, "test faces, from the first")

_AT_ONCE = 100


def _by_run(folder, truth):
    """Edits the faces with the model of a run; way to images."""
    from jmvae_tf.models import editing
    from jmvae_tf.training.checkpoints import load_checkpoint

    run = choose_run(folder, None)
    model = load_checkpoint(run.checkpoint, run.folder)
    return {
        "added difference": _in_parts(
            lambda x, w, wanted: editing.edit(model, "image", x, "attributes", wanted).edited, truth
        ),
        "redrawn": _in_parts(
            lambda x, w, wanted: editing.redrawn(model, "image", x, "attributes", wanted), truth
        ),
        "joint encoder": _in_parts(
            lambda x, w, wanted: model.reconstruct({"image": x, "attributes": w})["image"], truth
        ),
    }


def _by_export(folder, truth):
    """The same with an export."""
    from jmvae_tf.clients.loaded_export import LoadedExport

    model = LoadedExport(folder)

    def by(signature):
        def edit(x, w, wanted):
            read = model("image_to_attributes", image=x)["attributes"]
            changed = np.where(np.isnan(wanted), read, wanted)
            return model(signature, image=x, attributes=changed)["image"]

        return _in_parts(edit, truth)

    return {"added difference": by("edit_image"), "redrawn": by("redraw_image")}


def _in_parts(edit, truth):
    """Edits images: `edit` maps them, changed attributes, and these with NaN for all that stay."""
    wanted = np.where(truth.changed == truth.attributes, np.nan, truth.changed).astype(np.float32)
    parts = (slice(start, start + _AT_ONCE) for start in range(0, len(wanted), _AT_ONCE))
    edited = [edit(truth.images[x], truth.changed[x], wanted[x]) for x in parts]
    return np.clip(np.concatenate([np.asarray(x) for x in edited]), 0, 1)


def _shown(values):
    found = estimate(np.ma.masked_invalid(values))
    return f"{found.mean:.2f} ± {found.standard_error:.2f}"


def main(_):
    """Edits and prints."""
    load_tensorflow()
    seed = loading.SEEDS["test"]
    truth = true_edits(people.sample_attributes(_FACES.value, seed), seed)
    ways = {("", "nothing"): truth.images}
    for load, folders in ((_by_run, _RUNS.value), (_by_export, _EXPORTS.value)):
        for folder in folders:
            ways |= {(folder, way): images for way, images in load(folder, truth).items()}
    rows = {
        key: {part: _shown(values) for part, values in distances(truth, images).items()}
        for key, images in ways.items()
    }
    print(f"{_FACES.value} test faces, levels of 0 to 255")
    print(pd.DataFrame.from_dict(rows, orient="index").to_string())


if __name__ == "__main__":
    app.run(main)
