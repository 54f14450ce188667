"""Lets Keras train and save these models, also under distribution strategies."""

import abc
import inspect
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import GeneratorType
from typing import Any, Self

import keras
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models import objective_names, training_data
from jmvae_tf.models.term_checks import FiniteTerms
from jmvae_tf.models.trained_part import TrainedPart
from jmvae_tf.objectives import Bound
from jmvae_tf.runtime import keras_configuration, replicas
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.runtime.randomness import fold, root_seed

# Folded into a model's seed first, so that training and testing never share samples.
_TRAINING, _TEST = 0, 1

keras_configuration.check()


def steps_taken(optimizer: keras.optimizers.Optimizer) -> tf.Tensor:
    """Returns an optimiser's number of training steps, including those that only accumulate."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    # `iterations` does not change while gradients are accumulated.
    return inner._iterations


def weighted_mean(data: tf.Tensor, weights: tf.Tensor | None) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes the function for this replica's part of the mean of weighted values over a batch.

    Args:
      data: this replica's examples, [examples, ...].
      weights: their weights, [examples]; None for 1.
    """
    mean = replicas.current().part_of_mean(data)
    if weights is None:
        return mean
    return lambda values: mean(tf.cast(weights, values.dtype) * values)


def counted_weights(rows: tf.Tensor | None, weights: tf.Tensor | None) -> tf.Tensor | None:
    """Returns the weights of a batch, 0 for the examples that do not count; None for 1.

    Args:
      rows: the examples that count, bool, [batch]; None for all.
      weights: the weights of all, [batch]; None for 1.
    """
    if rows is None:
        return weights
    return tf.where(rows, 1.0 if weights is None else tf.cast(weights, tf.float32), 0.0)


class _Seen:
    """Remembers checked data sets, so that a test set is not checked in every epoch."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[Any]] = []

    def __contains__(self, data: Any) -> bool:
        return any(reference() is data for reference in self._references)

    def add(self, data: Any) -> None:
        """Remembers a TensorFlow or Keras data set; arrays may change and are quick to check."""
        if isinstance(data, tf.data.Dataset | keras.utils.PyDataset):
            self._references.append(weakref.ref(data))


class _Loss(keras.callbacks.Callback):
    """Adds minus the objective to an epoch's logs as `loss`, which Keras's callbacks watch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds `loss` and `val_loss`."""
        for part in ("", "val_"):
            value = objective_names.value_in(logs or {}, part)
            if logs is not None and value is not None:
                logs[f"{part}loss"] = -value


class _WithoutLoss(keras.callbacks.Callback):
    """Removes `loss` after those callbacks, so that a history has each number once."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Removes `loss` and `val_loss`."""
        for name in ("loss", "val_loss"):
            (logs or {}).pop(name, None)


class TrainableModel(keras.Model):
    """A model that makes all variables in its constructor and trains under any strategy.

    `train_step` and `test_step` return the `results_of` their trackers.

    Args:
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if they include a dtype.
    """

    modalities: Mapping[str, Modality]

    def __init__(self, **kwargs: Any) -> None:
        if "dtype" in kwargs:
            raise ValueError(
                "A model's layers compute in the Keras policy that is active when the model is "
                f"made; set that policy instead. Received: dtype={kwargs['dtype']!r}"
            )
        super().__init__(**kwargs)
        self._precision = str(keras.config.dtype_policy().name)
        self._seen = _Seen()

    @property
    @abc.abstractmethod
    def needs_statistics(self) -> bool:
        """Whether modalities are standardised but `adapt` has not computed their statistics."""

    @abc.abstractmethod
    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Computes these statistics from a training set."""

    @abc.abstractmethod
    def check_examples(self, data: Any) -> None:
        """Raises ValueError if a model cannot be trained on a batch in memory."""

    def parts(self) -> tuple[TrainedPart, ...]:
        """Returns the parts of the compiled model that are trained by different optimisers."""
        return (TrainedPart(self.optimizer, self.trainable_variables),)

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains the model like `keras.Model.fit`, on dictionaries of modality name to values only.

        A `tf.data.Dataset` or a generator keeps its order. Before training, data in memory are
        checked completely, other data by their first batch. Standardised modalities get the
        statistics of the data unless they have some. An epoch's logs contain `loss` and `val_loss`,
        minus the objective, for callbacks. The history contains the objective, which is called
        `bound` where it is one, and its terms.

        Raises:
          ValueError: if the data do not fit the modalities, targets or weights are given,
            statistics are missing and cannot be computed in a pass over the data, or a term of the
            bound is impossible after an epoch, for example NaN.
        """
        bound = inspect.signature(super().fit).bind(*args, **kwargs)
        given = bound.arguments
        training_data.check_alone(
            "Training data",
            **{name: given.get(name) for name in ("y", "sample_weight", "class_weight")},
        )
        x = given["x"] = self._checked(given.get("x"))
        if given.get("validation_data") is not None:
            given["validation_data"] = self._checked(
                training_data.examples_of(given["validation_data"])
            )
        if self.needs_statistics:
            training_data.check_lasting(x)
            with self.distribute_strategy.scope():
                self.adapt(x)
        if isinstance(x, tf.data.Dataset | tf.distribute.DistributedDataset | GeneratorType):
            given.setdefault("shuffle", False)  # Keras warns that it cannot shuffle one.
        callbacks = given.get("callbacks")
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = keras.tree.flatten(callbacks) if callbacks else []
            given["callbacks"] = [_Loss(), *callbacks, _WithoutLoss()]
            if not any(isinstance(callback, FiniteTerms) for callback in callbacks):
                given["callbacks"].append(FiniteTerms(every_batch=False))
        if self.compiled and not self.optimizer.built:
            # Inside a step of several replicas it is too late to make variables.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().fit(*bound.args, **bound.kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluates the model like `keras.Model.evaluate`, on dictionaries of name to values only.

        Raises:
          ValueError: as for `fit`, and if statistics are missing.
        """
        bound = inspect.signature(super().evaluate).bind(*args, **kwargs)
        given = bound.arguments
        training_data.check_alone(
            "Test data", **{name: given.get(name) for name in ("y", "sample_weight")}
        )
        self._check_adapted()
        if "_use_cached_eval_dataset" not in given.get("kwargs", {}):  # `fit` did.
            given["x"] = self._checked(given.get("x"))
        return super().evaluate(*bound.args, **bound.kwargs)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Trains on one batch like Keras, on a dictionary of modality name to values only.

        Raises:
          ValueError: as for `evaluate`.
        """
        self._check_batch("Training data", super().train_on_batch, args, kwargs)
        return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Tests on one batch like Keras, on a dictionary of modality name to values only.

        Raises:
          ValueError: as for `evaluate`.
        """
        self._check_batch("Test data", super().test_on_batch, args, kwargs)
        return super().test_on_batch(*args, **kwargs)

    def _check_batch(
        self, what: str, method: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> None:
        given = inspect.signature(method).bind(*args, **kwargs).arguments
        beside = ("y", "sample_weight", "class_weight")
        training_data.check_alone(what, **{name: given.get(name) for name in beside})
        self._check_adapted()
        self._checked(given.get("x"))

    def _check_adapted(self) -> None:
        if self.needs_statistics:
            raise ValueError(
                "A model that standardises needs the training set's statistics; call adapt or fit "
                "first. Received: none so far"
            )

    def _checked(self, data: Any) -> Any:
        """Checks the first batch, or all data in memory, and returns the same data."""
        if data in self._seen:
            return data
        batch, data = training_data.with_first_batch(data)
        if batch is not None:
            self.check_examples(batch)
        self._seen.add(data)
        return data

    def results_of(self, trackers: Mapping[str, keras.metrics.Metric]) -> dict[str, tf.Tensor]:
        """Returns the trackers' means so far by name; with several replicas, those of this one.

        Keras averages the results of several workers' replicas over their first axis, so in that
        case an axis is added.
        """
        results = {name: tracker.result() for name, tracker in trackers.items()}
        resolver = self.distribute_strategy.cluster_resolver
        if resolver is not None and len(resolver.cluster_spec().as_dict().get("worker", ())) > 1:
            return {name: result[tf.newaxis] for name, result in results.items()}
        return results

    @property
    def precision(self) -> str:
        """The name of the Keras policy that was active when the model was made."""
        return self._precision

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of all models, and the precision, for Keras to save."""
        return {"name": self.name, "precision": self.precision}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """Makes the model that `get_config` described, newly initialised and in its precision.

        Files of early versions do not contain the precision; their models use the active policy.
        """
        arguments = {
            key: keras.saving.deserialize_keras_object(value, custom_objects)
            if isinstance(value, dict)
            else value
            for key, value in config.items()
        }
        with computing_in(arguments.pop("precision", keras.config.dtype_policy().name)):
            return cls(**arguments)

    def build(self, input_shape: Any = None) -> None:
        """Does nothing: the constructor has built the model from the modalities' shapes."""

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Does nothing; Keras's own method cannot read the batches of several workers."""


class BoundMaximiser(TrainableModel, abc.ABC):
    """A model trained by gradient ascent on its bound; Keras calls its steps."""

    seed: int
    beta: float
    kl_weight: keras.Variable

    @property
    def objective_is_bound(self) -> bool:
        """Whether the objective is a lower bound on a log-likelihood, or on a sum of them.

        Likelihood weights other than 1 are not considered.
        """
        return self.beta >= 1

    @property
    def objective_name(self) -> str:
        """Returns "bound" if the objective is one, else "objective"; metrics are named by it."""
        is_bound = self.objective_is_bound
        return objective_names.BOUND if is_bound else objective_names.OBJECTIVE

    @abc.abstractmethod
    def examples_of(self, data: Any) -> dict[str, tf.Tensor]:
        """Returns the standardised examples of the data that Keras passes to a step."""

    @abc.abstractmethod
    def rows_of_terms(
        self, data: Mapping[str, tf.Tensor], terms: Iterable[str]
    ) -> dict[str, tf.Tensor]:
        """Maps terms that not all examples have to those that have them, bool [batch]."""

    @abc.abstractmethod
    def unchecked_bound(
        self,
        data: Mapping[str, tf.Tensor],
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """Computes the bound of a batch."""

    def train_step(self, data: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes a step of gradient ascent on the bound, averaged over the batch of all replicas."""
        weights, data = training_data.weights_of(data), self.examples_of(data)
        seed = self.training_seed(steps_taken(self.optimizer))
        mean = weighted_mean(next(iter(data.values())), weights)
        [part] = self.parts()
        with tf.GradientTape() as tape:
            bound = self.unchecked_bound(data, seed, self.kl_weight, training=True)
            scaled_loss = part.optimizer.scale_loss(-mean(bound.value))
        part.apply(tape.gradient(scaled_loss, part.variables))
        return self.track(bound, data, weights)

    def test_step(self, data: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Computes the bound itself: divergences have full weight whatever the warm-up's is."""
        weights, data = training_data.weights_of(data), self.examples_of(data)
        return self.track(self.unchecked_bound(data, self.test_seed()), data, weights)

    def training_seed(self, step: int | tf.Tensor) -> tf.Tensor:
        """Returns the seed of a training step, given the number of steps before it."""
        return fold(root_seed(self.seed), _TRAINING, step)

    def test_seed(self) -> tf.Tensor:
        """Returns the seed of the next test step."""
        # The number of examples counted in this evaluation distinguishes its batches; with weights
        # it is their sum, and batches of a sum below 1 may share their samples' noise.
        count = tf.cast(self._trackers[self.objective_name].count, tf.int32)
        seen = tf.reduce_sum(replicas.current().sizes(count))
        return fold(root_seed(self.seed), _TEST, seen)

    def track_terms(self, names: Iterable[str]) -> None:
        """Makes the trackers of the objective and of its terms."""
        self._trackers = {
            name: keras.metrics.Mean(name=name) for name in (self.objective_name, *names)
        }

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers of the bound and its terms, which Keras resets for every epoch."""
        return list(self._trackers.values())

    def track(
        self, bound: Bound, data: Mapping[str, tf.Tensor], weights: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """Adds a batch to the means of the bound and its terms, and returns the means by name.

        The mean of a term is over the examples that have it, weighted if they have weights.
        """
        values = {self.objective_name: bound.value, **bound.terms}
        rows = self.rows_of_terms(data, values)
        for name, value in values.items():
            self._trackers[name].update_state(value, counted_weights(rows.get(name), weights))
        return self.results_of(self._trackers)

    def track_term(
        self, name: str, value: tf.Tensor, weights: tf.Tensor | None
    ) -> dict[str, tf.Tensor]:
        """Adds a batch to the mean of one term, and returns that by its name."""
        self._trackers[name].update_state(value, weights)
        return self.results_of({name: self._trackers[name]})
