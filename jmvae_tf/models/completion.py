"""Fills what examples lack from what they have, and embeds examples with gaps.

What is missing is NaN. Nothing that is there is changed. A `Completer` may ask a model
(`model_completer.py`) or an exported one.
"""

import abc
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import fold, root_seed

Data = Mapping[str, np.ndarray]

_DRAWS_OF_IMAGES = 10  # Enough for their mean, and each is expensive.
_MOST_VALUES = 4_000_000  # To decode at once.
_MOST_ROWS = 256


class Draws(NamedTuple):
    """Samples of a modality given what is known, in the data's units.

    Attributes:
      means: means of p(x|z) for each sampled z, float32 [samples, batch, *event_shape].
      values: a sample of p(x|z) for each z, of the same shape.
    """

    means: np.ndarray
    values: np.ndarray


class Completion(NamedTuple):
    """A modality of each example: what is known, and estimates of the rest.

    Attributes:
      values: float32 [examples, *event_shape], in the data's units: observed values as they were,
        and means of the others. Of a label these are the probabilities of the classes, of
        attributes that of yes, and of a text the text that most draws give, one-hot.
      spread: standard deviations, of the same shape, 0 for observed values. Of a text the share of
        draws that give it, [examples]. None for labels and attributes.
      filled: which values are estimates, bool, [examples, *event_shape].
    """

    values: np.ndarray
    spread: np.ndarray | None
    filled: np.ndarray


class KnownModality(Protocol):
    """What is asked of a `Modality`, or of its description in an export."""

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example."""

    @property
    def kind(self) -> str:
        """See `Modality`."""

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and the highest value."""

    @property
    def threshold(self) -> float:
        """The value above which attributes mean yes."""

    @property
    def no_and_yes(self) -> tuple[float, float]:
        """The values of attributes that mean no and yes."""

    def probability_of_yes(self, means: np.ndarray) -> np.ndarray:
        """Converts means of attributes to probabilities."""


class _Pattern(NamedTuple):
    """Examples that have, and lack, the same modalities.

    Attributes:
      known: the names of the modalities of which they have all or some values.
      lacking: the names of those that can be filled in, of which they lack all or some.
      rows: their places, [number].
    """

    known: tuple[str, ...]
    lacking: tuple[str, ...]
    rows: np.ndarray


class Completer(abc.ABC):
    """Draws what examples lack.

    Attributes:
      modalities: name to what is known of a modality.
      targets: the names of the modalities that can be filled in.
      conditions: the names of those that an example must have as a whole.
      has_prior: whether it draws for an example that has nothing; else that stays as it is.
    """

    modalities: Mapping[str, KnownModality]
    targets: Sequence[str]
    conditions: Sequence[str]
    has_prior: bool = True

    @abc.abstractmethod
    def draw(
        self, targets: Sequence[str], given: Data, batch: int, num_samples: int, seed: tf.Tensor
    ) -> dict[str, Draws]:
        """Samples z ~ q(z|given), and each target from p(x|z).

        Args:
          targets: the names of the modalities to sample.
          given: modality name to [batch, *event_shape]; NaN for values that an example lacks.
          batch: the number of examples.
          num_samples: the number of z for each example.
          seed: int32, [2].
        """

    @abc.abstractmethod
    def moments(self, given: Data, batch: int, seed: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Returns the mean and the standard deviation of q(z|given), [batch, latent_dim] each.

        Args:
          given: see `draw`.
          batch: see `draw`.
          seed: int32, [2], for models that infer missing modalities by sampling.
        """

    def complete(self, data: Data, num_samples: int = 64, seed: int = 0) -> dict[str, Completion]:
        """Estimates what is missing: means over p(missing|observed), with their spread.

        Args:
          data: modality name to [examples, *event_shape], in the data's units, NaN for what is
            missing. Modalities without an entry are missing from all examples.
          num_samples: the number of samples that an estimate is the mean of; at most 10 of images.
          seed: the same seed gives the same estimates of the same examples.

        Returns:
          The completion of each modality that can be filled in. Examples that lack a condition
          stay as they are: NaN where they lack something.

        Raises:
          ValueError: if a name is unknown, or a shape or a value does not fit.
        """
        self._check(data)
        completions = {name: self._unfilled(name, data) for name in self.targets}
        for rows, name, draws in self._all_draws(data, num_samples, seed, _DRAWS_OF_IMAGES):
            _fill(completions[name], rows, *_estimate(self.modalities[name], draws))
        return completions

    def draw_missing(self, data: Data, num_draws: int, seed: int = 0) -> dict[str, np.ndarray]:
        """Draws what is missing several times, for multiple imputation.

        Args:
          data: see `complete`.
          num_draws: how many times.
          seed: the same seed gives the same draws of the same examples.

        Returns:
          Name of each modality that can be filled in to float32 [num_draws, examples,
          *event_shape]: observed values as they were, and samples of the others, of the same z
          for all modalities of an example. Examples that lack a condition stay as they are.

        Raises:
          ValueError: see `complete`.
        """
        self._check(data)
        drawn = {}
        for name in self.targets:
            values = self._unfilled(name, data).values
            drawn[name] = np.repeat(values[np.newaxis], num_draws, axis=0)
        for rows, name, draws in self._all_draws(data, num_draws, seed):
            values, modality = drawn[name][:, rows], self.modalities[name]
            samples = draws.values
            if modality.kind == "attributes":  # Likelihoods other than Bernoulli would blur them.
                place = self.targets.index(name)
                chance = np.random.default_rng([seed, place, *rows]).random(samples.shape)
                is_yes = chance < modality.probability_of_yes(draws.means)
                samples = np.where(is_yes, *reversed(modality.no_and_yes))
            drawn[name][:, rows] = np.where(np.isnan(values), samples, values)
        return drawn

    def embed(self, data: Data, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Embeds examples, whatever they lack.

        Args:
          data: see `complete`.
          seed: see `moments`.

        Returns:
          The mean and the standard deviation of q(z|observed), float32 [examples, latent_dim] each;
          those of the prior for an example that has nothing, NaN if there is no prior, and for one
          that lacks a condition.

        Raises:
          ValueError: see `complete`.
          UserError: if every example lacks a condition.
        """
        number = self._check(data)
        parts = []
        for index, pattern in enumerate(self._patterns(data)):
            for rows in _parts(pattern.rows, _MOST_ROWS):
                part_seed = fold(root_seed(seed), index, rows[0])
                given = _given(data, pattern, rows)
                parts.append((rows, *self.moments(given, len(rows), part_seed)))
        if not parts:
            raise UserError(
                f"Examples must have {' and '.join(self.conditions) or 'something'}",
                f"{number} examples, none with all of that",
                "add it",
            )
        mean, stddev = np.full((2, number, parts[0][1].shape[-1]), np.nan, np.float32)
        for rows, part_mean, part_stddev in parts:
            mean[rows], stddev[rows] = part_mean, part_stddev
        return mean, stddev

    def _check(self, data: Data) -> int:
        """Returns the number of examples; raises ValueError for data of other modalities."""
        unknown = [name for name in data if name not in self.modalities]
        if unknown or not data:
            raise ValueError(
                f"Examples have some of {list(self.modalities)}. Received: {unknown or 'nothing'}"
            )
        number = len(next(iter(data.values())))
        for name, values in data.items():
            shape = (number, *self.modalities[name].event_shape)
            if np.shape(values) != shape:
                raise ValueError(
                    f"{number} examples of {name!r} have the shape {list(shape)}. "
                    f"Received: {list(np.shape(values))}"
                )
        return number

    def _unfilled(self, name: str, data: Data) -> Completion:
        """Returns what is there of a modality, NaN for the rest."""
        modality = self.modalities[name]
        shape = (len(next(iter(data.values()))), *modality.event_shape)
        values = np.full(shape, np.nan, np.float32)
        if name in data:
            values[:] = data[name]
        has_spread = modality.kind not in ("label", "attributes")
        spread = np.zeros(shape[:1] if modality.kind == "text" else shape, np.float32)
        return Completion(values, spread if has_spread else None, np.isnan(values))

    def _patterns(self, data: Data) -> Iterator[_Pattern]:
        """Yields the examples that lack no condition by what they have."""
        number = len(next(iter(data.values())))
        whole, some = (np.zeros((number, len(self.modalities)), bool) for _ in range(2))
        for place, name in enumerate(self.modalities):
            if name in data:
                there = ~np.isnan(data[name].reshape(number, -1))
                whole[:, place], some[:, place] = there.all(axis=1), there.any(axis=1)
        patterns, place_of = np.unique(np.hstack([whole, some]), axis=0, return_inverse=True)
        for place, pattern in enumerate(patterns):
            has_all = dict(zip(self.modalities, pattern, strict=False))
            has_any = dict(zip(self.modalities, pattern[len(has_all) :], strict=True))
            has_enough = self.has_prior or any(has_any.values())
            if has_enough and all(has_all[name] for name in self.conditions):
                yield _Pattern(
                    tuple(name for name in has_any if has_any[name]),
                    tuple(name for name in self.targets if not has_all[name]),
                    np.flatnonzero(place_of.ravel() == place),
                )

    def _all_draws(
        self, data: Data, num_samples: int, seed: int, most_of_images: int | None = None
    ) -> Iterator[tuple[np.ndarray, str, Draws]]:
        """Yields rows, a modality that they lack or lack in part, and its draws."""
        for index, pattern in enumerate(self._patterns(data)):
            images = [name for name in pattern.lacking if self.modalities[name].kind == "image"]
            others = [name for name in pattern.lacking if name not in images]
            groups = [(others, num_samples), (images, min(num_samples, most_of_images or 0))]
            if most_of_images is None:
                groups = [(list(pattern.lacking), num_samples)]
            for targets, number in groups:
                if not targets:
                    continue
                largest = max(math.prod(self.modalities[name].event_shape) for name in targets)
                size = min(_MOST_ROWS, _MOST_VALUES // (number * largest))
                for rows in _parts(pattern.rows, max(1, size)):
                    part_seed = fold(root_seed(seed), index, rows[0])
                    given = _given(data, pattern, rows)
                    draws = self.draw(targets, given, len(rows), number, part_seed)
                    for name in targets:
                        yield rows, name, draws[name]


def _parts(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _given(data: Data, pattern: _Pattern, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.asarray(data[name][rows], np.float32) for name in pattern.known}


def _estimate(modality: KnownModality, draws: Draws) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns values and spread of a `Completion`."""
    means, values = draws
    if modality.kind == "text":
        return _most_frequent(means)
    if modality.kind == "label":
        return means.mean(axis=0), None
    if modality.kind == "attributes":
        return modality.probability_of_yes(means.mean(axis=0)), None
    mean = means.mean(axis=0, dtype=np.float64)
    return mean, np.sqrt(np.square(values - mean).mean(axis=0))


def _most_frequent(events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the text that most draws give, one-hot, and the share of draws that give it.

    Args:
      events: probabilities, [draws, batch, length, symbols]; the last symbol ends a text.
    """
    end = events.shape[-1] - 1
    symbols = events.argmax(axis=-1)
    is_over = np.logical_or.accumulate(symbols == end, axis=-1)
    texts, shares = [], []
    for drawn in np.where(is_over, end, symbols).swapaxes(0, 1):
        distinct, counts = np.unique(drawn, axis=0, return_counts=True)
        texts.append(distinct[counts.argmax()])
        shares.append(counts.max() / len(drawn))
    return one_hot(np.array(texts), end + 1), np.array(shares, np.float32)


def _fill(
    completion: Completion, rows: np.ndarray, values: np.ndarray, spread: np.ndarray | None
) -> None:
    """Puts estimates where values are missing."""
    missing = completion.filled[rows]
    completion.values[rows] = np.where(missing, values, completion.values[rows])
    if completion.spread is not None and spread is not None:
        if spread.ndim < missing.ndim:
            missing = missing.reshape(len(missing), -1).any(axis=1)
        completion.spread[rows] = np.where(missing, spread, completion.spread[rows])
