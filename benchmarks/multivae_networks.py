"""MultiVae's models with the 2018 paper's networks, for scripts that compare with that library.

MultiVae (https://github.com/AgatheSenellart/MultiVae, PyTorch) is the peer library of this project.
The scripts that import this module run in an environment of their own, which has MultiVae and not
this project:

    python3 -m venv DIR
    DIR/bin/pip install torch==2.13.0
    DIR/bin/pip install torchvision==0.28.0 multivae==1.0.3
"""

import math

import torch
from torch import library, nn

EVENT_SHAPES = {
    "mnist": {"image": (1, 28, 28), "label": (10,)},
    "celeba": {"image": (3, 64, 64), "attributes": (40,)},
    "three": {"image": (1, 6, 6), "label": (10,), "vector": (3,)},
}
LATENT_DIMS = {"mnist": 64, "celeba": 128, "three": 4}
LIKELIHOODS = {
    "mnist": {"image": "bernoulli", "label": "categorical"},
    "celeba": {"image": "normal", "attributes": "normal"},
    "three": {"image": "bernoulli", "label": "categorical", "vector": "normal"},
}
UNITS = {"mnist": 512, "three": 16}
"""Of both hidden layers of every network; CelebA's have convolutions instead."""

OPTIONS = {
    "jmvae_kl": {"alpha": 1.0},
    "mvae": {"k": 1},
    "mmvae": {"K": 10, "loss": "iwae_looser"},
    "mopoe": {},
    "mvtcae": {"alpha": 5 / 6, "beta": 2.5},
}
"""A model's name in jmvae_tf, to what makes MultiVae's objective that of jmvae_tf's preset."""

_CLASSES = {
    "jmvae_kl": "JMVAE",
    "mvae": "MVAE",
    "mmvae": "MMVAE",
    "mopoe": "MoPoE",
    "mvtcae": "MVTCAE",
}


def make_torchvision_importable():
    """Declares the two operators without which torchvision fails to import.

    MultiVae imports torchvision, although nothing of it is used here. PyPI's torchvision is built
    for CUDA; beside a CPU build of PyTorch its operators do not load, and its import fails.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in ("nms", "qnms"):
            library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor"
            )


def _dense(size, *units, normalised=False):
    """D<units>R for each of `units`, with batch normalisation in the last if `normalised`."""
    layers = []
    for position, unit in enumerate(units, start=1):
        layers.append(nn.Linear(size, unit))
        if normalised and position == len(units):
            layers.append(_normalisation(nn.BatchNorm1d, unit))
        layers.append(nn.ReLU())
        size = unit
    return layers


def _normalisation(kind, channels):
    """As in the authors' library: a decay of 0.9 and an epsilon of 1e-4."""
    return kind(channels, eps=1e-4, momentum=0.1)


def _cnn():
    """C64R-C128BR-C256BR-C256BR-F on 64 x 64 pixels: 4096 features."""
    layers = [nn.Conv2d(3, 64, 4, 2, 1), nn.ReLU()]
    for before, after in ((64, 128), (128, 256), (256, 256)):
        layers += [
            nn.Conv2d(before, after, 4, 2, 1, bias=False),
            _normalisation(nn.BatchNorm2d, after),
            nn.ReLU(),
        ]
    return [*layers, nn.Flatten()]


def _generator(latent_dim):
    """D4096R-DC256BR-DC128BR-DC64BR and the head DC3, to 64 x 64 pixels."""
    layers = [*_dense(latent_dim, 4096), nn.Unflatten(1, (256, 4, 4))]
    for before, after in ((256, 256), (256, 128), (128, 64)):
        layers += [
            nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
            _normalisation(nn.BatchNorm2d, after),
            nn.ReLU(),
        ]
    return [*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1)]


def _mlp_branch(shape, units):
    """Two hidden layers on a modality."""
    return nn.Sequential(nn.Flatten(), *_dense(math.prod(shape), units, units)), units


def _branches(data):
    """Modality name to the branch of the joint encoder and its number of features."""
    if data in UNITS:
        shapes = EVENT_SHAPES[data]
        return {name: _mlp_branch(shape, UNITS[data]) for name, shape in shapes.items()}
    return {
        "image": (nn.Sequential(*_cnn()), 4096),
        "attributes": (nn.Sequential(*_dense(40, 512, 512, normalised=True)), 512),
    }


def _encoder_bodies(data):
    """Modality name to the body of q(z|x) and its number of features."""
    if data in UNITS:
        return _branches(data)
    return {
        name: (nn.Sequential(branch, *_dense(size, 1024)), 1024)
        for name, (branch, size) in _branches(data).items()
    }


def _decoders(data):
    """Modality name to p(x|z) up to its parameters."""
    shapes, latent_dim = EVENT_SHAPES[data], LATENT_DIMS[data]
    if data in UNITS:
        units = UNITS[data]
        return {
            name: nn.Sequential(
                *_dense(latent_dim, units, units),
                nn.Linear(units, math.prod(shape)),
                nn.Unflatten(1, shape),
            )
            for name, shape in shapes.items()
        }
    return {
        "image": nn.Sequential(*_generator(latent_dim)),
        "attributes": nn.Sequential(*_dense(latent_dim, 512, 4096), nn.Linear(4096, 40)),
    }


def make_model(data, name, **options):
    """One of MultiVae's models, with random weights.

    Encoders have jmvae_tf's variance, softplus(a) + 1e-6, where MultiVae's own would have exp(a).

    Args:
      data: whose networks, "mnist", "celeba", or the small ones of "three" modalities.
      name: the model's in jmvae_tf; see `OPTIONS`.
      **options: arguments of its configuration, in place of those of `OPTIONS`.
    """
    make_torchvision_importable()
    import multivae.models
    from multivae.models.base import BaseDecoder, BaseEncoder, ModelOutput
    from multivae.models.nn import BaseJointEncoder

    latent_dim, shapes = LATENT_DIMS[data], EVENT_SHAPES[data]
    is_laplace = name == "mmvae"

    class Posterior(nn.Module):
        """Features to mean and log variance, or for Laplace posteriors the logits of scales."""

        def __init__(self, size):
            super().__init__()
            self.mean = nn.Linear(size, latent_dim)
            self.variance = nn.Linear(size, latent_dim)

        def forward(self, features):
            a = self.variance(features)
            scale = a if is_laplace else torch.log(nn.functional.softplus(a) + 1e-6)
            return ModelOutput(embedding=self.mean(features), log_covariance=scale)

    class Encoder(BaseEncoder):
        """q(z|x)."""

        def __init__(self, body, size):
            super().__init__()
            self.latent_dim = latent_dim
            self.body = body
            self.posterior = Posterior(size)

        def forward(self, x):
            return self.posterior(self.body(x))

    class JointEncoder(BaseJointEncoder):
        """q(z|x, w): a branch for each modality, concatenated, perhaps a trunk."""

        def __init__(self):
            super().__init__()
            self.latent_dim = latent_dim
            branches = _branches(data)
            size = sum(size for _, size in branches.values())
            self.branches = nn.ModuleDict({name: part for name, (part, _) in branches.items()})
            self.trunk = nn.Sequential(*(_dense(size, 1024) if data == "celeba" else []))
            self.posterior = Posterior(1024 if data == "celeba" else size)

        def forward(self, x):
            features = [part(x[name]) for name, part in self.branches.items()]
            return self.posterior(self.trunk(torch.cat(features, dim=1)))

    class Decoder(BaseDecoder):
        """p(x|z) up to its parameters; MultiVae applies sigmoid or softmax itself."""

        def __init__(self, layers):
            super().__init__()
            self.layers = layers

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z))

    networks = {
        "encoders": {name: Encoder(*body) for name, body in _encoder_bodies(data).items()},
        "decoders": {name: Decoder(layers) for name, layers in _decoders(data).items()},
    }
    if name == "jmvae_kl":
        networks["joint_encoder"] = JointEncoder()
    configuration = getattr(multivae.models, f"{_CLASSES[name]}Config")(
        n_modalities=len(shapes),
        latent_dim=latent_dim,
        input_dims=shapes,
        decoders_dist=LIKELIHOODS[data],
        **OPTIONS[name] | options,
    )
    return getattr(multivae.models, _CLASSES[name])(configuration, **networks)
