"""What Keras needs to be told to train and save these models, under strategies too."""

import abc
import inspect
import weakref
from collections.abc import Callable, Mapping
from types import GeneratorType
from typing import Any, Self

import keras
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models import term_checks, training_data
from jmvae_tf.runtime import keras_configuration
from jmvae_tf.runtime.precision import computing_in

keras_configuration.check()


def steps_taken(optimizer: keras.optimizers.Optimizer) -> tf.Tensor:
    """How many steps of training an optimiser has counted, those that only accumulate too."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    # `iterations` stands still while gradients are accumulated.
    return inner._iterations


class _Seen:
    """Which data sets have been checked, so that a test set is not looked at in every epoch."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[Any]] = []

    def __contains__(self, data: Any) -> bool:
        return any(reference() is data for reference in self._references)

    def add(self, data: Any) -> None:
        """Remembers a data set of TensorFlow or Keras; arrays may change and are soon checked."""
        if isinstance(data, tf.data.Dataset | keras.utils.PyDataset):
            self._references.append(weakref.ref(data))


class _Loss(keras.callbacks.Callback):
    """Adds minus the bound to an epoch's logs: Keras's callbacks watch it unless told otherwise."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds `loss` and `val_loss`."""
        for part in ("", "val_"):
            if logs is not None and f"{part}bound" in logs:
                logs[f"{part}loss"] = -logs[f"{part}bound"]


class _WithoutLoss(keras.callbacks.Callback):
    """Takes it away behind them, so that a history has each number once."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Removes `loss` and `val_loss`."""
        for name in ("loss", "val_loss"):
            (logs or {}).pop(name, None)


class _PossibleTerms(keras.callbacks.Callback):
    """Ends a training whose terms cannot be what they are, at the end of an epoch."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Raises ValueError if that is so."""
        values = {name: float(x) for name, x in (logs or {}).items()}
        if bad := term_checks.impossible(values, self.model.modalities):
            raise ValueError(
                f"{term_checks.RULE}; check the data, or lower the learning rate. "
                f"Received: {', '.join(bad.values())} in epoch {epoch + 1}"
            )


class TrainableModel(keras.Model):
    """A model whose constructor makes all variables, trained by `fit` under any strategy.

    Its `train_step` and `test_step` give what `results_of` makes of the trackers.

    Args:
      **kwargs: of `keras.Model`.

    Raises:
      ValueError: if a dtype is among them.
    """

    modalities: Mapping[str, Modality]

    def __init__(self, **kwargs: Any) -> None:
        if "dtype" in kwargs:
            raise ValueError(
                "The layers of a model compute in the Keras policy that is in force when it is "
                f"made; set that instead. Received: dtype={kwargs['dtype']!r}"
            )
        super().__init__(**kwargs)
        self._precision = str(keras.config.dtype_policy().name)
        self._seen = _Seen()

    @property
    @abc.abstractmethod
    def needs_statistics(self) -> bool:
        """Whether modalities are to be standardised by statistics that nobody has taken."""

    @abc.abstractmethod
    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Takes these statistics of a training set."""

    @abc.abstractmethod
    def check_examples(self, data: Any) -> None:
        """Raises ValueError if a batch in memory is none to train on."""

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """As `keras.Model.fit`, on dictionaries of modality name to values and nothing else.

        A `tf.data.Dataset` or a generator is taken in the order that it has. What is in memory,
        otherwise the first batch, is checked before training; standardised modalities get the
        statistics of the data unless they have some. Callbacks find `loss` and `val_loss`, minus
        the bounds, in the logs of an epoch; the history has the bound and its terms.

        Raises:
          ValueError: if the data are not what the modalities say, there are targets or weights
            beside them, statistics are missing and cannot be taken in a pass over the data, or a
            term of the bound is impossible after an epoch, such as NaN.
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
            given["callbacks"] = [_Loss(), *callbacks, _WithoutLoss(), _PossibleTerms()]
        if self.compiled and not self.optimizer.built:
            # Within a step of several replicas it is too late to make variables.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().fit(*bound.args, **bound.kwargs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.evaluate`, on dictionaries of modality name to values and nothing else.

        Raises:
          ValueError: as `fit`; and if statistics are missing.
        """
        bound = inspect.signature(super().evaluate).bind(*args, **kwargs)
        given = bound.arguments
        training_data.check_alone(
            "Test data", **{name: given.get(name) for name in ("y", "sample_weight")}
        )
        self._check_adapted()
        if "_use_cached_eval_dataset" not in given.get("kwargs", {}):  # Within `fit`, which did.
            given["x"] = self._checked(given.get("x"))
        return super().evaluate(*bound.args, **bound.kwargs)

    def train_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.train_on_batch`, on a dictionary of modality name to values alone.

        Raises:
          ValueError: as `evaluate`.
        """
        self._check_batch("Training data", super().train_on_batch, args, kwargs)
        return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """As `keras.Model.test_on_batch`, on a dictionary of modality name to values alone.

        Raises:
          ValueError: as `evaluate`.
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
        """The same data, once their first batch is known to be fit for training."""
        if data in self._seen:
            return data
        batch, data = training_data.with_first_batch(data)
        if batch is not None:
            self.check_examples(batch)
        self._seen.add(data)
        return data

    def results_of(self, trackers: Mapping[str, keras.metrics.Metric]) -> dict[str, tf.Tensor]:
        """The trackers' means so far, by name; of this replica where there are several.

        Keras averages what the replicas of several workers give over its first axis, so there they
        have one.
        """
        results = {name: tracker.result() for name, tracker in trackers.items()}
        resolver = self.distribute_strategy.cluster_resolver
        if resolver is not None and len(resolver.cluster_spec().as_dict().get("worker", ())) > 1:
            return {name: result[tf.newaxis] for name, result in results.items()}
        return results

    @property
    def precision(self) -> str:
        """The name of the Keras policy that was in force when the model was made."""
        return self._precision

    def get_config(self) -> dict[str, Any]:
        """The arguments that all models have, and the precision, for Keras to save."""
        return {"name": self.name, "precision": self.precision}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """The model, newly initialised, that `get_config` described, in its precision.

        Files of earlier versions do not say it: their models compute in the policy in force.
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
        """Nothing is left to build: the modalities gave all shapes to the constructor."""

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing either; Keras's own cannot read the batches of several workers."""
