"""The settings of models, as far as rows of `registry` name them or all models have them.

This module does not need TensorFlow.
"""

import dataclasses
from collections.abc import Mapping

from jmvae_tf.models.adversaries import parts
from jmvae_tf.runtime.rules import (
    A_RATE,
    A_WEIGHT,
    AT_LEAST_1,
    BELOW_1,
    NOT_NEGATIVE,
    at_most,
    one_of,
    setting,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Settings of models; a field is None if the model does not have that setting."""

    latent_dim: int = setting(
        "number of values of z", dataclasses.MISSING, AT_LEAST_1, at_most(65_536)
    )
    joint_encoder: str | None = setting("q(z|x,w) in the notation of the paper's appendix", None)
    encoders: Mapping[str, str] | None = setting(
        "q(z|x), in cmma p(z|w), as image=NOTATION,label=NOTATION", None
    )
    decoders: Mapping[str, str] = setting("p(x|z), as image=NOTATION,label=NOTATION")
    likelihood_weights: Mapping[str, float] = setting(
        "weights of log p(x|z) in the bound, as image=WEIGHT,label=WEIGHT",
        dataclasses.MISSING,
        A_RATE,
    )
    alpha: float | None = setting(
        "weight of the divergences between encoders, of mvtcae at most 1", None, A_WEIGHT
    )
    beta: float = setting(
        "weight of the divergences that the warm-up weighs", 1.0, A_WEIGHT, before=1.0
    )
    anneal_alpha: bool | None = setting("let the warm-up's weight multiply alpha too", None)
    gamma: float | None = setting(
        "weight of each modality's reconstruction from its own encoder, in jmvae_kl",
        None,
        A_WEIGHT,
        before=0.0,
    )
    missing: str | None = setting(
        "what a missing modality starts from: noise or zeros", None, one_of("noise", "zeros")
    )
    num_rounds: int | None = setting("rounds of iterative sampling", None, AT_LEAST_1)
    feed_back: str | None = setting(
        "what is fed back to the encoder each round: samples or means",
        None,
        one_of("samples", "means"),
        before="samples",
    )
    modality_dropout: float | None = setting(
        "probability with which training hides some modalities of an example from the joint "
        "encoder, as inference does; 0: never",
        None,
        BELOW_1,
        before=0.0,
    )
    num_subsets: int | None = setting(
        "random subsets for each example in mvae, of two or more modalities but not all",
        None,
        NOT_NEGATIVE,
        at_most(100),  # Each is traced by itself.
        before=1,
    )
    posterior: str | None = setting(
        "family of q(z|x) and p(z): laplace or gaussian",
        None,
        one_of("laplace", "gaussian"),
        before="laplace",
    )
    num_samples: int | None = setting(
        "K: samples of z in training, in mmvae of each encoder; above 1, vae, jmvae and jmvae_kl "
        "have the importance-weighted bound",
        None,
        AT_LEAST_1,
        at_most(1000),
        before=1,  # mmvae was never without it.
    )
    mean_of_weights: str | None = setting(
        "where mmvae averages over modalities: looser, logarithms of weights, or tighter, weights",
        None,
        one_of("looser", "tighter"),
        before="looser",
    )
    gradient: str | None = setting(
        "estimator of the gradient of several samples: plain, dreg, the authors', or in mmvae "
        "exact_dreg",
        None,
        one_of("plain", "dreg", "exact_dreg"),
        before="plain",
    )
    divergence: str | None = setting(
        "what mmvm holds each encoder to: experts, the others, or mixture, theirs",
        None,
        one_of("experts", "mixture"),
        before="experts",
    )
    num_layers: int | None = setting(
        "L: number of stochastic layers", None, AT_LEAST_1, at_most(100)
    )
    layer_encoder: str | None = setting("q(z_l|x,w) from the mean of z_l-1, l >= 2", None)
    layer_prior: str | None = setting("p(z_l|z_l+1)", None)
    discriminator: str | None = setting(
        "network that tells real from generated images, as NOTATION", None
    )
    adversary: str | None = setting(
        "what the image's decoder is trained against: "
        f"{' or '.join(parts.LOSS_TEXTS)}, then any of {', '.join(parts.PART_TEXTS)}, joined by +",
        None,
        before=parts.ORIGINAL,
    )
    adversary_after: int | None = setting(
        "epochs without the discriminator, after which only the image's decoder is trained, "
        "against it; 0: all is trained together",
        None,
        NOT_NEGATIVE,
        before=0,
    )
    adversarial_weight: float | None = setting(
        "weight of the generator's loss; the bound's is 1", None, A_WEIGHT
    )
    similarity_weight: float | None = setting(
        "weight of the adversary's part similarity", None, A_WEIGHT, before=1.0
    )
    penalty_weight: float | None = setting(
        "weight of the adversary's parts r1 and zero_centred", None, A_WEIGHT, before=1.0
    )
    decoder_learning_rate: float | None = setting(
        "learning rate of the image decoder's Adam after --adversary_after epochs",
        None,
        A_RATE,
        before=3e-4,
    )
    discriminator_learning_rate: float | None = setting(
        "learning rate of the discriminator's Adam", None, A_RATE
    )
