"""Numbers of different scales: how `standardised` and `adapt` work.

A Gaussian with one width for all columns suits values of one scale. With `standardised=True` a
model works on (x - mean) / stddev of each column, with statistics of the training set. Its inputs
and outputs keep their own units. `adapt` computes the statistics. `fit` calls it if the data can be
read twice; for an endless stream you must call it yourself. The data, weather by season, are
generated here.
"""

import keras
import numpy as np

import jmvae_tf

COLUMNS = ("pressure_pa", "temperature_c", "rain_m")
SEASONS = ("spring", "summer", "autumn", "winter")
MEANS = np.array(
    [[101_300, 10, 2e-3], [101_800, 22, 1e-3], [101_000, 12, 3e-3], [100_600, 0, 4e-3]]
)
STDDEVS = np.array([150, 2, 3e-4])


def stream(seed):
    """Yields endless batches of 50 examples."""
    rng = np.random.default_rng(seed)
    while True:
        seasons = rng.integers(len(SEASONS), size=50)
        weather = MEANS[seasons] + STDDEVS * rng.normal(size=(50, len(COLUMNS)))
        yield {
            "weather": weather.astype(np.float32),
            "season": np.eye(len(SEASONS), dtype=np.float32)[seasons],
        }


model = jmvae_tf.JMVAEKL(
    {
        "weather": jmvae_tf.Modality(
            "weather",
            (len(COLUMNS),),
            jmvae_tf.Gaussian(0.3),  # Of standardised values.
            standardised=True,
            value_names=COLUMNS,
        ),
        "season": jmvae_tf.Modality(
            "season", (4,), jmvae_tf.Categorical(), kind="label", value_names=SEASONS
        ),
    },
    latent_dim=3,
    encoders={"weather": "D32R", "season": "D32R"},
    joint_encoder="(D32R, D32R)",
    decoders={"weather": "D32R", "season": "D32R"},
)
model.adapt(stream(seed=0), steps=20)  # Of 1,000 examples, before the first step.
model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
model.fit(stream(seed=1), steps_per_epoch=500, verbose=0)

for name, mean, stddev in zip(
    COLUMNS,
    model.statistics["weather"].mean.numpy(),
    model.statistics["weather"].stddev.numpy(),
    strict=True,
):
    print(f"{name}: standardised by mean {mean:.4g}, standard deviation {stddev:.4g}")
weather = model.generate("weather", {"season": np.eye(len(SEASONS), dtype=np.float32)}).numpy()
for season, values in zip(SEASONS, weather, strict=True):
    print(f"{season}: " + ", ".join(f"{x:.4g}" for x in values))
error = np.abs(weather - MEANS) / model.statistics["weather"].stddev.numpy()
print(f"largest error of a season's mean, in standard deviations of its column: {error.max():.2f}")
