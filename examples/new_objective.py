"""A model with a new objective, as a subclass of `MultimodalVAE`, without changing the package.

The objective is the lower bound of a mixture of experts (Shi et al. 2019, without importance
weights). Every modality's encoder must explain all modalities:

    1/M sum_m ( E_q(z|x_m) [sum_n log p(x_n|z)] - beta D_KL(q(z|x_m) || p(z)) ).

Training, generation, saving and export come from the base class. The data are generated here:
images with a bright row, and the number of that row.
"""

import pathlib
import tempfile

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import jmvae_tf
from jmvae_tf.layers.distributions import GaussianHead, reparameterised_sample
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime.randomness import split


@keras.saving.register_keras_serializable(package="examples")
class MixtureOfExpertsVAE(MultimodalVAE):
    """q(z|x_1, ..., x_M) = 1/M sum_m q(z|x_m)."""

    def __init__(self, modalities, latent_dim, **kwargs):
        super().__init__(modalities, latent_dim, **kwargs)
        self.features = {
            name: keras.Sequential(
                [keras.layers.Flatten(), keras.layers.Dense(32, activation="relu")]
            )
            for name in modalities
        }
        self.experts = {name: GaussianHead(latent_dim) for name in modalities}
        self.build_networks()  # Last, since it traces the objective once.

    def encode(self, name, x):
        """q(z|x_m)."""
        return self.experts[name](self.features[name](x))

    def unchecked_bound(self, data, seed, kl_weight=1.0, training=False):
        """The objective above: [batch], nats, to be maximised."""
        prior, weights = self.prior(data), self.likelihood_weights
        value, terms, p_x_z = 0.0, {}, {}
        for m, expert_seed in zip(data, split(seed, len(data)), strict=True):
            q_z_x = self.encode(m, data[m])
            z = reparameterised_sample(q_z_x, expert_seed)  # z ~ q(z|x_m)
            p_x_z = {n: p(z, training=training) for n, p in self.decoders.items()}
            kl = tfd.kl_divergence(q_z_x, prior)
            log_p = {n: p.log_prob(data[n]) for n, p in p_x_z.items()}
            terms[f"kl_{m}"] = kl
            terms |= {f"log_p_{n}_given_{m}": term for n, term in log_p.items()}
            value += sum(weights[n] * term for n, term in log_p.items()) - kl_weight * kl
        return Bound(value / len(data), terms, p_x_z)

    def infer(self, given, seed):
        """The mixture of the given modalities' experts."""
        experts = [self.encode(name, x) for name, x in given.items()]
        if len(experts) == 1:
            return experts[0]
        return tfd.MixtureSameFamily(
            tfd.Categorical(probs=tf.fill([len(experts)], 1 / len(experts))),
            tfd.MultivariateNormalDiag(
                tf.stack([q.mean() for q in experts], axis=1),
                tf.stack([q.stddev() for q in experts], axis=1),
            ),
        )


rng = np.random.default_rng(0)
rows = rng.integers(4, size=600)
images = np.eye(4, dtype=np.float32)[rows][:, :, np.newaxis, np.newaxis].repeat(4, axis=2)
images = np.abs(images - (rng.random(images.shape) < 0.05)).astype(np.float32)
data = {"image": images, "row": np.eye(4, dtype=np.float32)[rows]}
training = {name: values[:500] for name, values in data.items()}
test = {name: values[500:] for name, values in data.items()}

model = MixtureOfExpertsVAE(
    {
        "image": jmvae_tf.Modality("image", (4, 4, 1), jmvae_tf.Bernoulli(), kind="image"),
        "row": jmvae_tf.Modality("row", (4,), jmvae_tf.Categorical(), kind="label"),
    },
    latent_dim=3,
    decoders={"image": "D32R", "row": "D32R"},
)
model.compile(optimizer=keras.optimizers.Adam(5e-3), jit_compile=False)
batches = tf.data.Dataset.from_tensor_slices(training).batch(50)
model.fit(batches, epochs=30, verbose=0, callbacks=[jmvae_tf.KLWarmUp(epochs=10)])

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "mixture.keras"
    model.save(path)
    model = jmvae_tf.load_model(path)
read = model.generate("row", {"image": test["image"]}).numpy().argmax(axis=1)
print(f"rows read off images: {np.mean(read == rows[500:]):.0%} right")
drawn = model.generate("image", {"row": test["row"]}).numpy().mean(axis=(2, 3)).argmax(axis=1)
print(f"images drawn from rows: {np.mean(drawn == rows[500:]):.0%} show them")
