"""Prepares a model's data: checks, standardisation, statistics of the training set."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from jmvae_tf.layers.standardisation import Moments, Standardisation
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models import observed, training_data
from jmvae_tf.models.observed import Tensors


class ModalityInputs:
    """Converts data in their own units to the standardised tensors that networks take.

    Attributes:
      modalities: name to `Modality`.
      conditions: the names of the modalities that must always be given.
      statistics: modality name to its standardising layer; of standardised modalities, and of all
        Gaussian ones.
    """

    modalities: Mapping[str, Modality]
    conditions: tuple[str, ...]
    statistics: dict[str, Standardisation]

    # Inputs of inference and generation.

    def standardise(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Standardises data, to the units of `bound` and of the distributions of `decode`.

        Args:
          data: modality name to [batch, *event_shape], for any of the modalities, and perhaps
            `observed_key(name)` to what is observed of it, bool, [batch] or [batch, *event_shape].

        Returns:
          The same names to float32. `standardised` modalities are standardised with the statistics
          of the training set; the others stay in the data's units. What is not observed is 0. Masks
          stand beside the modalities that have one, and those in which NaN means missing.

        Raises:
          ValueError: if a name is unknown, a shape is not that of its modality, values are outside
            its support, or modalities differ in their number of examples. In a graph, values are
            not checked.
        """
        values = observed.values_in(data)
        self._check_known(values)
        for name, x in values.items():
            if _has_values(x):
                modality = self.modalities[name]
                events = training_data.as_events(name, x, modality.event_shape)
                mask = _mask_with_values(data.get(observed_key(name)))
                modality.check_values(events, observed.mask_in_memory(modality, events, mask))
        tensors = self._standardised(data)
        _check_equal({name: x.shape[0] for name, x in tensors.items()})
        return tensors

    def checked_inputs(self, given: Tensors) -> dict[str, tf.Tensor]:
        """Standardises data; raises ValueError if one of the conditions is not given.

        In a graph it is not checked whether an example lacks one.
        """
        tensors = self.standardise(given)
        self.check_conditions(tensors)
        complete = observed.observed_of(tensors).all_of(self.conditions)
        if complete is not None and _has_values(complete) and not np.all(complete):
            raise ValueError(
                f"This model needs {' and '.join(self.conditions)} of every example. "
                f"Received: example {int(np.argmin(complete))} of a batch without"
            )
        return tensors

    def check_conditions(self, given: Tensors) -> None:
        """Raises ValueError if one of the conditions is not given."""
        if not set(self.conditions) <= set(given):
            raise ValueError(
                f"This model needs {' and '.join(self.conditions)} to be given. "
                f"Received: {list(given) or 'nothing'}"
            )

    def check_standardised(self, data: Tensors) -> None:
        """Refuses data that `bound` does not accept. In a graph, values are not checked.

        Args:
          data: modality name to [batch, *event_shape], as returned by `standardise`.

        Raises:
          ValueError: if a name is unknown, a modality is missing, or values are not finite or not
            events of their likelihood.
        """
        values = observed.values_in(data)
        self._check_known(values)
        missing = [name for name in self.modalities if name not in data]
        if missing:
            raise ValueError(
                f"A bound needs all modalities, {list(self.modalities)}. "
                f"Received: {list(data) or 'nothing'}, without {missing}"
            )
        _check_equal({name: len(x) for name, x in data.items() if _has_values(x) and np.ndim(x)})
        for name, x in values.items():
            if not _has_values(x):
                continue
            modality, events = self.modalities[name], np.asarray(x)
            mask = _mask_with_values(data.get(observed_key(name)))
            mask = observed.mask_in_memory(modality, events, mask)
            if modality.standardised:
                _check_finite(name, events if mask is None else events[mask])
            else:
                modality.check_examples(events, mask)

    def unstandardise(self, name: str, x: tf.Tensor) -> tf.Tensor:
        """Returns values of a modality, [..., *event_shape], in the data's units."""
        return self.statistics[name].invert(x) if self.modalities[name].standardised else x

    def in_range(self, name: str, x: tf.Tensor) -> tf.Tensor:
        """Returns values in the data's units, clipped to the range if they are an image."""
        modality, x = self.modalities[name], self.unstandardise(name, x)
        if modality.kind == "image" and modality.value_range:
            return tf.clip_by_value(x, *modality.value_range)
        return x

    def _standardised(self, data: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Standardises data of known names without checking their values."""
        tensors, masks = {}, {}
        for name, modality in self.modalities.items():
            if name not in data:
                continue
            tensor = tf.convert_to_tensor(data[name])
            training_data.check_numbers(name, np.dtype(tensor.dtype.as_numpy_dtype))
            if tensor.shape.rank is not None:
                training_data.check_shape(name, tensor.shape, modality.event_shape)
            if not tensor.shape[1:].is_fully_defined():  # In a graph it is checked at run time.
                tensor = tf.ensure_shape(tensor, (None, *modality.event_shape))
            tensor = tf.cast(tensor, tf.float32)
            key = observed_key(name)
            _, mask = observed.masked(modality, tensor, data.get(key))  # NaN of the data's units.
            tensors[name] = self.statistics[name](tensor) if modality.standardised else tensor
            if mask is not None:
                masks[key] = mask
        return self.without_hidden({**tensors, **masks})

    def without_hidden(self, data: Tensors) -> dict[str, tf.Tensor]:
        """Returns standardised data in which what is not observed is 0, with all masks."""
        shown = {}
        for name, x in observed.values_in(data).items():
            mask = data.get(observed_key(name))
            shown[name], mask = observed.masked(self.modalities[name], x, mask)
            if mask is not None:
                shown[observed_key(name)] = mask
        return shown

    # Training data.

    def examples_of(self, data: Any) -> dict[str, tf.Tensor]:
        """Returns the standardised examples of the data that Keras passes to a step.

        Raises:
          ValueError: if there is anything besides examples, a modality is missing, or a shape is
            not that of its modality.
        """
        data = training_data.examples_of(data)
        self._check_complete(data, self.modalities)
        return self._standardised(data)

    def check_examples(self, data: Any) -> None:
        """Refuses data that `fit` cannot train on, before training starts.

        Args:
          data: a batch as Keras passes it to a step, but in memory.

        Raises:
          ValueError: if there is anything besides examples, there are no examples, a modality is
            missing, a shape is not that of its modality, the modalities differ in their number of
            examples, or values are not events of their likelihood.
        """
        examples = training_data.examples_of(data)
        self._check_complete(examples, self.modalities)
        arrays, masks = self._arrays_of(examples, self.modalities)
        training_data.check_number(len(next(iter(arrays.values()))))
        for name, values in arrays.items():
            self.modalities[name].check_examples(values, masks[name])
        observed.check_none_empty(masks)
        training_data.weights_of(examples)  # Raises if they are no weights.

    @property
    def needs_statistics(self) -> bool:
        """Whether modalities are standardised but `adapt` has not computed their statistics."""
        return any(
            self.statistics[name].is_new for name, x in self.modalities.items() if x.standardised
        )

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Computes the statistics of the training set; `fit` calls it if that is still to do.

        Args:
          data: one pass over the training set: an iterable of dictionaries of modality name to
            [batch, *event_shape], for example a `tf.data.Dataset`, or one dictionary of all
            examples.
          steps: the number of batches to use; None for all.

        Raises:
          ValueError: if the data are empty or endless, or examples do not fit their modality, are
            not finite, or vary too little relative to their size for float32.
        """
        moments = {name: Moments(x.event_shape) for name, x in self.statistics.items()}
        count = 0
        for batch in training_data.batches_of(data, steps):
            examples = training_data.examples_of(batch)
            self._check_complete(examples, moments)
            arrays, masks = self._arrays_of(examples, moments)
            for name, values in arrays.items():
                self.modalities[name].check_values(values, masks[name])
                moments[name].add(self.statistics[name].to_moments(values), masks[name])
            count += len(next(iter(arrays.values()), ()))
        if moments:
            training_data.check_number(count)
        for name, x in moments.items():
            if self.modalities[name].standardised:
                _check_resolved(name, x, self.statistics[name])
        for name, x in moments.items():
            self.statistics[name].set_statistics(x.mean, x.stddev)

    def rows_of_terms(self, data: Tensors, terms: Iterable[str]) -> dict[str, tf.Tensor]:
        """Tells which examples have the terms of the bound, for means over what is there.

        Args:
          data: examples, with masks beside them.
          terms: names of terms, and "bound".

        Returns:
          Name to bool, [batch], of the terms that not all examples have.
        """
        found = observed.observed_of(data)
        rows = {name: self.rows_of_term(name, found) for name in terms}
        return {name: x for name, x in rows.items() if x is not None}

    def rows_of_term(self, term: str, found: observed.Observed) -> tf.Tensor | None:
        """Tells which examples have a term, bool [batch]; None if all have it."""
        likelihoods = {f"log_p_{name}": name for name in self.modalities}
        return found.any_of([likelihoods[term]] if term in likelihoods else self.modalities)

    # Parts of the checks.

    def _check_known(self, names: Iterable[str]) -> None:
        unknown = [name for name in names if name not in self.modalities]
        if unknown:
            raise ValueError(
                f"Modalities must be among {list(self.modalities)}. Received: {unknown}"
            )

    def _check_complete(self, examples: Any, names: Iterable[str]) -> None:
        if not isinstance(examples, Mapping) or not set(names) <= set(examples):
            raise ValueError(
                f"Training data must be dictionaries of {list(names)}. Received: "
                f"{list(examples) if isinstance(examples, Mapping) else type(examples).__name__}"
            )

    def _arrays_of(
        self, examples: Mapping[str, Any], names: Iterable[str]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray | None]]:
        """Returns the events of some modalities, and what is observed of each; None for all.

        Raises:
          ValueError: if shapes are wrong or numbers of examples unequal.
        """
        arrays = {
            name: training_data.as_events(name, examples[name], self.modalities[name].event_shape)
            for name in names
        }
        _check_equal({name: len(values) for name, values in arrays.items()})
        return arrays, {
            name: observed.mask_in_memory(
                self.modalities[name], values, examples.get(observed_key(name))
            )
            for name, values in arrays.items()
        }


def new_statistics(modalities: Mapping[str, Modality]) -> dict[str, Standardisation]:
    """Makes the standardising layer of each modality that has one.

    Files of models hold them, so that it stays as in version 0.3.0: Gaussian modalities have one,
    and those of a user's own likelihood of real numbers only if they are standardised.
    """
    return {
        name: Standardisation(
            modality.event_shape,
            one_unit=modality.kind in ("image", "array"),
            logarithms=[modality.value_names.index(x) for x in modality.log_values],
            name=f"{name}_statistics",
        )
        for name, modality in modalities.items()
        if modality.standardised or isinstance(modality.likelihood, Gaussian)
    }


def _has_values(x: Any) -> bool:
    """Whether values can be read; those of a graph that is being traced cannot."""
    return not tf.is_tensor(x) or hasattr(x, "numpy")


def _mask_with_values(mask: Any) -> Any:
    """Returns a mask whose values can be read, or None."""
    return mask if mask is not None and _has_values(mask) else None


def _check_equal(numbers: Mapping[str, int | None]) -> None:
    """Raises ValueError if modalities differ in their number of examples; None is not known."""
    if len({number for number in numbers.values() if number is not None}) > 1:
        raise ValueError(
            "Every modality must have as many examples as the others. Received: "
            + ", ".join(f"{number} of {name!r}" for name, number in numbers.items())
        )


def _check_finite(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"Values of {name!r} must be finite. Received: NaN or infinite ones")


def _check_resolved(name: str, moments: Moments, statistics: Standardisation) -> None:
    """Raises ValueError if values vary too little relative to their size for float32."""
    lost = moments.lost & (moments.stddev >= statistics.smallest(moments.stddev))
    if lost.any():
        place = np.unravel_index(np.argmax(lost), lost.shape)
        raise ValueError(
            f"Values of {name!r} vary too little for float32, relative to their size; "
            "subtract a constant first. Received: a mean of "
            f"{moments.mean[place]:.9g} with a standard deviation of {moments.stddev[place]:.3g} "
            f"at {[int(axis) for axis in place]}"
        )
