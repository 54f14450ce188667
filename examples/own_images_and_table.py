"""A folder of images and a table: generates images from the table's numbers, and the reverse.

The folder is generated here: photographs of discs, and a table with the length and the weight of
each. Replace `draw` with your own files.
"""

import csv
import pathlib
import tempfile

import cv2
import keras
import numpy as np
import tensorflow as tf

import jmvae_tf

COLUMNS = ("length_mm", "weight_g")


def draw(folder):
    """Writes 400 images of 12x12 grey pixels and `table.csv`, which names and measures them."""
    rng = np.random.default_rng(0)
    with open(folder / "table.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", *COLUMNS])
        for number in range(400):
            radius = rng.uniform(1, 6)
            away = np.hypot(*np.mgrid[-5.5:6.5, -5.5:6.5])
            pixels = 255 * np.clip(radius - away + 0.5, 0, 1)
            cv2.imwrite(str(folder / f"{number}.png"), pixels.astype(np.uint8))
            table.writerow([f"{number}.png", 10 * radius, 3 * radius**3 + rng.normal(0, 5)])


def read(folder):
    """Reads the table and its images: modality name to array, one example per row."""
    with open(folder / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    images = [cv2.imread(str(folder / x["file_name"]), cv2.IMREAD_GRAYSCALE) for x in rows]
    measures = [[float(row[column]) for column in COLUMNS] for row in rows]
    return {
        "photo": np.array(images, np.float32)[..., np.newaxis] / 255,  # Bernoulli takes [0, 1].
        "measures": np.array(measures, np.float32),
    }


with tempfile.TemporaryDirectory() as folder:
    draw(pathlib.Path(folder))
    data = read(pathlib.Path(folder))
training = {name: values[:300] for name, values in data.items()}
test = {name: values[300:] for name, values in data.items()}

model = jmvae_tf.JMVAEKL(
    {
        "photo": jmvae_tf.Modality("photo", (12, 12, 1), jmvae_tf.Bernoulli(), kind="image"),
        # Columns have different scales, so the model works on standardised values.
        "measures": jmvae_tf.Modality(
            "measures",
            (len(COLUMNS),),
            jmvae_tf.Gaussian(0.1),
            standardised=True,
            value_names=COLUMNS,
        ),
    },
    latent_dim=2,
    encoders={"photo": "F-D32R", "measures": "D32R"},
    joint_encoder="(F-D32R, D32R)",
    decoders={"photo": "D32R", "measures": "D32R"},
)
model.compile(optimizer=keras.optimizers.Adam(5e-3), jit_compile=False)
batches = tf.data.Dataset.from_tensor_slices(training).shuffle(300, seed=0).batch(50)
model.fit(batches, epochs=40, verbose=0)

measured = model.generate("measures", {"photo": test["photo"]}).numpy()
for column, name in enumerate(COLUMNS):
    correlation = np.corrcoef(measured[:, column], test["measures"][:, column])[0, 1]
    print(f"{name} read off photographs: correlation {correlation:.3f}")
drawn = model.generate("photo", {"measures": test["measures"]}).numpy()
correlation = np.corrcoef(drawn.sum((1, 2, 3)), test["photo"].sum((1, 2, 3)))[0, 1]
print(f"bright pixels of photographs drawn from measures: correlation {correlation:.3f}")
