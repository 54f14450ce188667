"""MultiVae's JMVAE with the 2018 paper's networks, for the scripts that time that library.

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
}
LATENT_DIMS = {"mnist": 64, "celeba": 128}
LIKELIHOODS = {
    "mnist": {"image": "bernoulli", "label": "categorical"},
    "celeba": {"image": "normal", "attributes": "normal"},
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


def _mlp_branch(shape):
    """D512R-D512R on a modality."""
    return nn.Sequential(nn.Flatten(), *_dense(math.prod(shape), 512, 512)), 512


def _branches(data):
    """Modality name to the branch of the joint encoder and its number of features."""
    shapes = EVENT_SHAPES[data]
    if data == "mnist":
        return {name: _mlp_branch(shape) for name, shape in shapes.items()}
    return {
        "image": (nn.Sequential(*_cnn()), 4096),
        "attributes": (nn.Sequential(*_dense(40, 512, 512, normalised=True)), 512),
    }


def _encoder_bodies(data):
    """Modality name to the body of q(z|x) and its number of features."""
    if data == "mnist":
        return _branches(data)
    return {
        name: (nn.Sequential(branch, *_dense(size, 1024)), 1024)
        for name, (branch, size) in _branches(data).items()
    }


def _decoders(data):
    """Modality name to p(x|z) up to its parameters."""
    shapes, latent_dim = EVENT_SHAPES[data], LATENT_DIMS[data]
    if data == "mnist":
        return {
            name: nn.Sequential(
                *_dense(latent_dim, 512, 512),
                nn.Linear(512, math.prod(shape)),
                nn.Unflatten(1, shape),
            )
            for name, shape in shapes.items()
        }
    return {
        "image": nn.Sequential(*_generator(latent_dim)),
        "attributes": nn.Sequential(*_dense(latent_dim, 512, 4096), nn.Linear(4096, 40)),
    }


def make_model(data):
    """MultiVae's JMVAE, which is the paper's JMVAE-kl, with random weights.

    Args:
      data: whose networks, "mnist" or "celeba".
    """
    make_torchvision_importable()
    from multivae.models import JMVAE, JMVAEConfig
    from multivae.models.base import BaseDecoder, BaseEncoder, ModelOutput
    from multivae.models.nn import BaseJointEncoder

    latent_dim, shapes = LATENT_DIMS[data], EVENT_SHAPES[data]

    class Encoder(BaseEncoder):
        """q(z|x): a body, then mean and log variance."""

        def __init__(self, body, size):
            super().__init__()
            self.latent_dim = latent_dim
            self.body = body
            self.mean = nn.Linear(size, latent_dim)
            self.log_variance = nn.Linear(size, latent_dim)

        def forward(self, x):
            features = self.body(x)
            return ModelOutput(
                embedding=self.mean(features), log_covariance=self.log_variance(features)
            )

    class JointEncoder(BaseJointEncoder):
        """q(z|x, w): a branch for each modality, concatenated, perhaps a trunk."""

        def __init__(self):
            super().__init__()
            self.latent_dim = latent_dim
            branches = _branches(data)
            size = sum(size for _, size in branches.values())
            self.branches = nn.ModuleDict({name: part for name, (part, _) in branches.items()})
            self.trunk = nn.Sequential(*(_dense(size, 1024) if data == "celeba" else []))
            size = 1024 if data == "celeba" else size
            self.mean = nn.Linear(size, latent_dim)
            self.log_variance = nn.Linear(size, latent_dim)

        def forward(self, x):
            features = self.trunk(
                torch.cat([part(x[name]) for name, part in self.branches.items()], dim=1)
            )
            return ModelOutput(
                embedding=self.mean(features), log_covariance=self.log_variance(features)
            )

    class Decoder(BaseDecoder):
        """p(x|z) up to its parameters; MultiVae applies sigmoid or softmax itself."""

        def __init__(self, layers):
            super().__init__()
            self.layers = layers

        def forward(self, z):
            return ModelOutput(reconstruction=self.layers(z))

    return JMVAE(
        JMVAEConfig(
            n_modalities=len(shapes),
            latent_dim=latent_dim,
            input_dims=shapes,
            decoders_dist=LIKELIHOODS[data],
        ),
        encoders={name: Encoder(*body) for name, body in _encoder_bodies(data).items()},
        decoders={name: Decoder(layers) for name, layers in _decoders(data).items()},
        joint_encoder=JointEncoder(),
    )
