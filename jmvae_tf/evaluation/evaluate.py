"""All figures of merit of a model of images and labels."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation import coherence, diversity, latent
from jmvae_tf.evaluation.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.estimate import Measure, Section, estimate
from jmvae_tf.evaluation.importance import (
    importance_weighted_log_likelihoods,
    prior_log_likelihoods,
)
from jmvae_tf.evaluation.objective import bound_terms
from jmvae_tf.models.base import MultimodalVAE

Tensors = Mapping[str, tf.Tensor]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """What figures of merit depend on besides the model and the data.

    Attributes:
      num_samples: N of Eq. 5 and Eq. 6 (2018 paper: 10).
      num_importance_samples: k (2016 paper: 1000 on MNIST); 0 leaves these estimates out.
      num_prior_samples: N_w (2016 paper: 5000 on MNIST).
      seed: of all draws.
    """

    num_samples: int = 10
    num_importance_samples: int = 1000
    num_prior_samples: int = 5000
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Examples:
    """What a model is measured on; each by modality name, [examples, *event_shape].

    Attributes:
      test: as likelihoods are scored: Bernoulli modalities drawn from their grey values.
      grey: the same examples, grey.
      training: real examples that generated ones are judged by and compared with, grey.
    """

    test: Tensors
    grey: Tensors
    training: Tensors


def evaluate(model: MultimodalVAE, examples: Examples, protocol: Protocol) -> list[Section]:
    """Measures a model by everything that is defined for it.

    Args:
      model: a trained model of images, labels or both.
      examples: of all its modalities.
      protocol: how many samples are drawn.

    Returns:
      Sections of figures; log-likelihoods are in nats.
    """
    sections = [_objective(model, examples.test, protocol)]
    if model.directions:
        sections += [_conditional(model, examples.test, protocol)]
    sections += [_reconstruction(model, examples.test, protocol)]
    if protocol.num_importance_samples:
        sections += _importance_weighted(model, examples.test, protocol)
    sections += [
        _generated(model, examples, protocol),
        _active_units(model, examples.test, protocol),
    ]
    return [section for section in sections if section.measures]


def proposals(model: MultimodalVAE) -> dict[str, tuple[str, ...]]:
    """What the proposals of importance weights are given, by their names in the 2016 paper.

    All modalities ("multiple"), and each that can be given alone ("single_<modality>").
    """
    names = tuple(model.modalities)
    singles = {} if model.conditions else {f"single_{name}": (name,) for name in names}
    return ({"multiple": names} if len(names) > 1 else {}) | singles


def _objective(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    terms = bound_terms(model, test, protocol.seed)
    weights = {f"log_p_{name}": weight for name, weight in model.likelihood_weights.items()}
    measures = [
        Measure(
            name if name == "bound" else f"bound_{name}",
            name + (f", weighted by {weights[name]:g} in it" if weights.get(name, 1) != 1 else ""),
            estimate(values),
        )
        for name, values in terms.items()
    ]
    if len(model.modalities) == 2 and all(f"kl_{name}" in terms for name in model.modalities):
        # 2016 paper, appendix A: Eq. 4 at alpha = 1 and one D_KL(q(z|x,w) || p(z)) more.
        bound = sum(terms[f"kl_{name}"] - terms[f"log_p_{name}"] for name in model.modalities)
        measures.append(
            Measure(
                "variation_of_information_bound",
                "upper bound of the variation of information (2016 paper, appendix A)",
                estimate(bound),
            )
        )
    return Section("Objective, every divergence at full weight, nats", measures)


def _conditional(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    equation = model.conditional_equation
    number = protocol.num_samples
    measures = []
    for direction in model.directions:
        scores = conditional_log_likelihoods(
            model, test, direction.target, direction.given, number, protocol.seed
        )
        arrow = f"{', '.join(direction.given)} → {direction.target}"
        measures += [
            Measure(
                f"{direction.name}_eq{equation}",
                f"{arrow}, Eq. {equation}, N = {number}",
                estimate(scores.mean_log),
            ),
            Measure(
                f"{direction.name}_log_mean_exp",
                f"{arrow}, log-mean-exp of the same samples",
                estimate(scores.log_mean),
            ),
        ]
    return Section("Generation scored by true values, nats", measures)


def _reconstruction(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    measures = []
    for how, given in proposals(model).items():
        for target in model.targets:
            if target in given:
                scores = conditional_log_likelihoods(
                    model, test, target, given, protocol.num_samples, protocol.seed
                )
                measures.append(
                    Measure(
                        f"reconstruction_{target}_{how}",
                        f"{target} given {', '.join(given)}",
                        estimate(scores.mean_log),
                    )
                )
    return Section(
        f"Reconstruction, mean of log p(x|z) over {protocol.num_samples} samples, nats", measures
    )


def _importance_weighted(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> list[Section]:
    k = protocol.num_importance_samples
    log_p = {
        how: importance_weighted_log_likelihoods(model, test, given, k, protocol.seed)
        for how, given in proposals(model).items()
    }
    title = f"Importance-weighted log-likelihoods, k = {k}, nats"
    if model.conditions:
        [target], given = model.targets, model.conditions
        return [
            Section(
                title,
                [
                    Measure(
                        f"log_p_{target}_given_{'_'.join(given)}_multiple",
                        f"log p({target}|{', '.join(given)}), multiple",
                        estimate(log_p["multiple"][(target,)]),
                    )
                ],
            )
        ]
    measures = []
    for how, estimates in log_p.items():
        for names, values in estimates.items():
            together = len(names) > 1
            if together or how in ("multiple", f"single_{names[0]}"):
                what = "joint" if together else names[0]
                measures.append(
                    Measure(
                        f"log_p_{what}_{how}",
                        f"log p({', '.join(names)}), {how.replace('_', ', q given ')}",
                        estimate(values),
                    )
                )
    if not model.directions:
        return [Section(title, measures)]
    sections = [Section(title, measures)]
    if len(model.modalities) == 2:
        sections += _conditional_importance_weighted(model, test, protocol, log_p)
    return sections


def _conditional_importance_weighted(
    model: MultimodalVAE,
    test: Tensors,
    protocol: Protocol,
    log_p: Mapping[str, Mapping[tuple[str, ...], np.ndarray]],
) -> list[Section]:
    """For two modalities: log p(x|w) = log p(x,w) - log p(w), and the variation of information.

    As log p(w) is too low itself, these are no bounds: they converge as k and N_w both grow.
    """
    both = tuple(model.modalities)
    conditionals = {}
    measures = []
    for (given,), target in model.directions:
        # No draw from the prior looks like a given image: what N_w of them say of log p(image) is
        # hundreds of nats too low, so there q(z|image) takes the prior's place. Not q(z|x,w): its
        # draws leave out what the image could be with other labels.
        by_prior = model.modalities[given].shown_as != "image"
        if by_prior:
            prior = prior_log_likelihoods(
                model, test, given, protocol.num_prior_samples, protocol.seed
            )
            measures.append(
                Measure(
                    f"log_p_{given}_prior",
                    f"log p({given}), N_w = {protocol.num_prior_samples} samples of the prior",
                    estimate(prior),
                )
            )
        for how in ("multiple", f"single_{given}"):
            log_p_given = prior if by_prior else log_p[f"single_{given}"][(given,)]
            kind = how.split("_")[0]
            conditionals[kind, target] = log_p[how][both] - log_p_given
            measures.append(
                Measure(
                    f"log_p_{target}_given_{given}_{kind}",
                    f"log p({target}|{given}), {kind}"
                    + ("" if by_prior else f", log p({given}) by q given {given}"),
                    estimate(conditionals[kind, target]),
                )
            )
    information = [
        Measure(
            f"variation_of_information_{kind}",
            f"-log p({both[0]}|{both[1]}) - log p({both[1]}|{both[0]}), {kind}",
            estimate(-conditionals[kind, both[0]] - conditionals[kind, both[1]]),
        )
        for kind in ("multiple", "single")
    ]
    return [
        Section("Conditional log-likelihoods, estimates and no bounds, nats", measures),
        Section("Variation of information (2016 paper, appendix A), nats", information),
    ]


def _generated(model: MultimodalVAE, examples: Examples, protocol: Protocol) -> Section:
    images = [name for name, x in model.modalities.items() if x.shown_as == "image"]
    labels = [name for name, x in model.modalities.items() if x.shown_as == "label"]
    directions = [direction.name for direction in model.directions]
    measures = []
    for image, label in ((image, label) for image in images for label in labels):
        if f"{label}_to_{image}" in directions:
            measures += _images_by_label(model, examples, protocol, image, label)
        if f"{image}_to_{label}" in directions:
            right = coherence.generated_label_accuracy(
                model, examples.grey[image], examples.grey[label], image, label, protocol.seed
            )
            measures.append(
                Measure(
                    "generated_label_accuracy",
                    f"share of {label}s generated from grey test {image}s that are right",
                    estimate(right),
                )
            )
    return Section("What is generated", measures)


def _images_by_label(
    model: MultimodalVAE, examples: Examples, protocol: Protocol, image: str, label: str
) -> list[Measure]:
    grey, training, seed = examples.grey, examples.training, protocol.seed
    judge = coherence.fit_classifier(training[image], training[label])
    return [
        Measure(
            "label_coherence",
            f"share of generated {image}s that the asked-for {label} is read off",
            estimate(coherence.label_coherence(model, judge, label, image, seed=seed)),
        ),
        Measure(
            "classifier_accuracy",
            f"  the same classifier on real test {image}s",
            estimate(coherence.classifier_accuracy(judge, grey[image], grey[label])),
        ),
        Measure(
            "label_diversity",
            f"distance between generated {image}s of a {label}, over that of real ones",
            diversity.label_diversity(
                model, training[image], training[label], label, image, seed=seed
            ),
        ),
    ]


def _active_units(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    measures = []
    for how, given in proposals(model).items():
        if len(given) < len(model.modalities) and model.draws_to_infer:
            continue  # The means would vary with the chains, not with the data.
        for layer, means in latent.layer_means(model, test, given, protocol.seed).items():
            measures.append(
                Measure(
                    f"active_units_{layer}_{how}",
                    f"{layer} given {', '.join(given)}, of {means.shape[1]}",
                    latent.active_units(means),
                )
            )
    return Section("Active latent units", measures)
