"""Batches, and images of classes in parts."""

import numpy as np

from jmvae_tf.evaluation import batches
from jmvae_tf.evaluation.metrics import coherence
from jmvae_tf.evaluation.metrics.importance import (
    usual_num_samples,
)
from tests.helpers.evaluation import (
    drawn,
    face_modalities,
    image_of,
    label_of,
)
from tests.helpers.small_models import (
    small_model,
)


def test_rows_decoded_at_once_depend_on_their_size():
    small, large = face_modalities(), face_modalities(64)
    model = small_model("vae", small)
    assert batches.rows_at_once(model, ["image"]) == batches.ROWS
    assert usual_num_samples(model) == 1000
    model = small_model("vae", large)
    assert batches.rows_at_once(model, ["image"]) == batches.VALUES // (64 * 64 * 3) == 638
    assert usual_num_samples(model) == 10


def test_images_of_classes_are_decoded_in_parts(monkeypatch, eagerly):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(5)})
    rows = []
    decode = model.decode

    def recording(z, *rest):
        rows.append(int(np.prod(z.shape[:-1])))
        return decode(z, *rest)

    monkeypatch.setattr(model, "decode", recording)
    monkeypatch.setattr("jmvae_tf.evaluation.batches.ROWS", 20)
    judge = coherence.fit_classifier(*drawn([0, 1, 2, 3, 4], 5).values())
    assert len(coherence.label_coherence(model, judge, "label", "image", 10)) == 50
    assert rows == [20, 20, 10]
