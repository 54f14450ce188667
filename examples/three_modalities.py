"""Three modalities: generates any of them from any others.

The data are generated here: an object seen from the left and from the right, and its class. One
view distinguishes some classes, both views distinguish all.
"""

import keras
import numpy as np
import tensorflow as tf

import jmvae_tf

CLASSES = ("cube", "ball", "cone", "ring")
VIEWS = np.array(
    # For each class, the bright stripe in the left and in the right view.
    [[0, 0], [0, 1], [1, 0], [1, 1]]
)


def draw(number, seed):
    """Draws examples: modality name to array."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(len(CLASSES), size=number)
    views = np.zeros((number, 2, 4, 4, 1), np.float32)
    for place in range(2):
        bright = VIEWS[classes, place]
        views[np.arange(number), place, 2 * bright] = 1
    views = np.abs(views - (rng.random(views.shape) < 0.05))  # Some pixels are wrong.
    return {
        "left": views[:, 0],
        "right": views[:, 1],
        "species": np.eye(len(CLASSES), dtype=np.float32)[classes],
    }


model = jmvae_tf.JMVAEKL(
    {
        "left": jmvae_tf.Modality("left", (4, 4, 1), jmvae_tf.Bernoulli(), kind="image"),
        "right": jmvae_tf.Modality("right", (4, 4, 1), jmvae_tf.Bernoulli(), kind="image"),
        "species": jmvae_tf.Modality(
            "species",
            (len(CLASSES),),
            jmvae_tf.Categorical(),
            kind="label",
            value_names=CLASSES,
            likelihood_weight=5.0,  # One label counts little compared with 32 pixels.
        ),
    },
    latent_dim=4,
    encoders={"left": "F-D32R", "right": "F-D32R", "species": "D32R"},
    joint_encoder="(F-D32R, F-D32R, D32R)",
    decoders={"left": "D32R", "right": "D32R", "species": "D32R"},
)
model.compile(optimizer=keras.optimizers.Adam(5e-3), jit_compile=False)
batches = tf.data.Dataset.from_tensor_slices(draw(500, seed=0)).batch(50)
model.fit(batches, epochs=40, verbose=0)

test = draw(200, seed=1)
for given in (("left",), ("right",), ("left", "right")):
    species = model.generate("species", {name: test[name] for name in given}).numpy()
    right = np.mean(species.argmax(axis=1) == test["species"].argmax(axis=1))
    print(f"species from {' and '.join(given)}: {right:.0%} right")
known = {"left": test["left"], "species": test["species"]}
view = model.generate("right", known).numpy()
rows = view.mean(axis=(2, 3))[:, [0, 2]].argmax(axis=1)
shown = np.mean(rows == VIEWS[test["species"].argmax(axis=1), 1])
print(f"right view from left and species: {shown:.0%} show the right stripe")
