#!/usr/bin/env python3
"""Where the time of an epoch goes: training steps, evaluations, records and checkpoint.

JMVAE-kl with a preset's settings and the callbacks of `bin/train`, on random data of MNIST's number
and shape of examples, or on the handwritten digits that come with scikit-learn. The medians of some
epochs are printed, without the first one, which compiles.

    .venv/bin/python benchmarks/epoch_parts.py --data=mnist

It waits until the machine is idle.
"""

import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import random_data
from absl import app, flags
from epoch_clock import make_clock
from idle import wait_until_idle

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.settings import settings_of

_DATA = flags.DEFINE_enum("data", "mnist", ["mnist", "digits"], "which data")
_EPOCHS = flags.DEFINE_integer("epochs", 6, "epochs, of which the first is not counted")


def main(argv):
    """Times and prints."""
    del argv
    print(f"{wait_until_idle():.2f} of {os.cpu_count()} cores are busy before the start")
    load_tensorflow()
    import keras

    from jmvae_tf.data.registry import load
    from jmvae_tf.models.term_checks import FiniteTerms
    from jmvae_tf.training.build import execution_of, feed_of, make_model
    from jmvae_tf.training.callbacks import Checkpoints, HistoryFile, TermsOnTestSet
    from jmvae_tf.training.progress import Progress
    from jmvae_tf.training.run_folder import RunFolder
    from jmvae_tf.training.schedules import schedules_of

    name = _DATA.value
    settings = settings_of("jmvae_kl", name, {"evaluate_every": 1, "checkpoint_every": 1})
    spent, whole = {}, make_clock()

    def timed(part, callback):
        """Records how long a callback takes at the end of an epoch."""
        act = callback.on_epoch_end

        def on_epoch_end(*args):
            start = time.perf_counter()
            act(*args)
            spent.setdefault(part, []).append(time.perf_counter() - start)

        callback.on_epoch_end = on_epoch_end
        return callback

    class Clock(keras.callbacks.Callback):
        """Times epochs, their steps and the evaluation on the validation set."""

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            self.last = time.perf_counter()

        def on_test_begin(self, logs=None):
            self.begun = time.perf_counter()

        def on_test_end(self, logs=None):
            spent.setdefault("validation set", []).append(time.perf_counter() - self.begun)

        def on_epoch_end(self, epoch, logs=None):
            spent.setdefault("training steps", []).append(self.last - self.epoch)

    with tempfile.TemporaryDirectory() as temporary:
        if name == "mnist":
            random_data.write_mnist(pathlib.Path(temporary))
        data = load(name, pathlib.Path(temporary), settings.data_options)
        feed = feed_of(settings, data, 1)
        folder = RunFolder(pathlib.Path(temporary) / "run")
        folder.start(settings, data.modalities)
        model = make_model(settings, data)
        for key, value in execution_of(settings, feed).items():
            setattr(model, key, value)
        board = keras.callbacks.TensorBoard(folder.logs, write_graph=False)
        model.fit(
            feed.training_batches(),
            epochs=_EPOCHS.value,
            steps_per_epoch=feed.steps_per_epoch,
            validation_data=feed.evaluation_batches("validation"),
            validation_steps=feed.evaluation_steps("validation"),
            verbose=0,
            callbacks=[
                Clock(),
                *schedules_of(settings),
                timed(
                    "test set",
                    TermsOnTestSet(
                        feed.evaluation_batches("test"),
                        lambda epoch: True,
                        feed.evaluation_steps("test"),
                    ),
                ),
                FiniteTerms(),
                timed("history.csv", HistoryFile(folder)),
                timed("TensorBoard", board),
                timed("checkpoint", Checkpoints(folder)),
                Progress(),
                whole,
            ],
        )
    spent["epoch"] = whole.seconds
    medians = {part: statistics.median(seconds[1:]) for part, seconds in spent.items()}
    epoch = medians.pop("epoch")
    medians["else"] = epoch - sum(medians.values())
    print(f"an epoch of {name}: {1000 * epoch:.0f} ms, the median of {_EPOCHS.value - 1}")
    for part, seconds in medians.items():
        print(f"  {part:<16}{1000 * seconds:>8.0f} ms{seconds / epoch:>8.1%}")


if __name__ == "__main__":
    app.run(main)
