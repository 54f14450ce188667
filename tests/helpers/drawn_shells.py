"""Drawn shells: an image that is not square, a label, attributes, numbers and a text of each."""

import cv2
import numpy as np

from jmvae_tf.export_format.texts import events_of_texts
from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.likelihoods import Categorical, CategoricalSequence, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.jmvae_kl import JMVAEKL

SPECIES = ("cockle", "limpet", "whelk")
COLOURS = ((230, 80, 60), (80, 160, 220), (240, 200, 90))
SYMBOLS = (*" acdeghiklmnoprstuw", END_MARK)
LENGTH = 16


def shell_modalities(channels: int = 3) -> dict[str, Modality]:
    """Makes the five modalities."""
    made = (
        Modality(
            "photo",
            (24, 36, channels),
            Gaussian(),
            kind="image",
            standardised=True,
            value_range=(0.0, 1.0),
            likelihood_weight=0.05,
        ),
        Modality("species", (3,), Categorical(), kind="label", value_names=SPECIES),
        Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("striped", "large")),
        Modality(
            "measures",
            (2,),
            Gaussian(),
            kind="numbers",
            standardised=True,
            value_names=("length_mm", "weight_g"),
            log_values=("weight_g",),
            partly_observed=True,
            nan_is_missing=True,
        ),
        Modality(
            "note",
            (LENGTH, len(SYMBOLS)),
            CategoricalSequence(),
            kind="text",
            value_names=SYMBOLS,
        ),
    )
    return {x.name: x for x in made}


def drawn_shells(number: int, channels: int = 3) -> dict[str, np.ndarray]:
    """Draws shells, [number, *event_shape] of each modality."""
    rng = np.random.default_rng(0)
    species, striped = rng.integers(0, 3, number), rng.integers(0, 2, number)
    length = rng.uniform(10, 60, number)
    large = length > 35
    photos, notes = [], []
    for kind, has_stripes, size in zip(species, striped, length, strict=True):
        image = np.full((24, 36, 4), (250, 250, 245, 0), np.uint8)
        colour = (*COLOURS[kind], 255)
        cv2.ellipse(image, (18, 12), (int(4 + size / 5), int(3 + size / 8)), 0, 0, 360, colour, -1)
        if has_stripes:
            image[::4][image[::4, :, 3] > 0] = (40, 40, 40, 255)
        photos.append(image[..., :channels])
        notes.append(f"{'large' if size > 35 else 'small'} {SPECIES[kind]}")
    weight = (length / 20) ** 3 * np.exp(rng.normal(0, 0.1, number))
    return {
        "photo": np.stack(photos).astype(np.float32) / 255,
        "species": np.eye(3, dtype=np.float32)[species],
        "traits": np.stack([striped, large], 1).astype(np.float32) * 2 - 1,
        "measures": np.stack([length, weight], 1).astype(np.float32),
        "note": events_of_texts(notes, SYMBOLS, LENGTH),
    }


def shell_model(epochs: int, channels: int = 3, number: int = 300) -> JMVAEKL:
    """Trains a small model; 0 epochs for one that has learned nothing but statistics."""
    modalities, data = shell_modalities(channels), drawn_shells(number, channels)
    bodies = {name: "D32R" if name != "photo" else "F-D64R" for name in modalities}
    model = JMVAEKL(
        modalities,
        latent_dim=6,
        joint_encoder=f"({', '.join(bodies.values())})",
        encoders=bodies,
        decoders=dict.fromkeys(modalities, "D64R"),
    )
    model.adapt(data)
    if epochs:
        import keras

        model.compile(optimizer=keras.optimizers.Adam(3e-3))
        model.fit(data, batch_size=50, epochs=epochs, verbose=0)
    return model
