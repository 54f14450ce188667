#!/usr/bin/env python3
"""Compares the results of two commits bit for bit: losses, bounds, samples, exports' answers.

Usage: python tools/compare_versions.py BEFORE [AFTER] [--models=jmvae,vae_gan] [--data=digits]

Every model trains ten steps on digits and on toyfaces from fixed seeds. Each commit runs in its own
process on its own tree. Differences are printed relative to the largest value; the exit status is
then 1. AFTER defaults to the working tree. Run it in an environment with the requirements of both.
"""

import argparse
import contextlib
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ("digits", "toyfaces")
STEPS = 10
ROWS = 5  # Examples of each batch.


def found(*places):
    """Returns the first of some functions, "module:name" each, that this version has."""
    for place in places:
        module, _, name = place.partition(":")
        with contextlib.suppress(ImportError, AttributeError):
            return getattr(importlib.import_module(module), name)
    raise ImportError(f"this version has none of {', '.join(places)}")


def compute(model_name, data_name, folder):
    """Computes the results of one model: name to array.

    Args:
        model_name: the preset's model.
        data_name: the preset's data set.
        folder: the folder for its export.
    """
    import numpy as np
    import tensorflow as tf

    settings_of = found("jmvae_tf.settings:settings_of", "jmvae_tf.presets:settings_of")
    make_model = found("jmvae_tf.training.build:make_model", "jmvae_tf.training.train:make_model")
    export = found("jmvae_tf.export.saved_model:export_saved_model")
    settings = settings_of(model_name, data_name, {"jit_compile": False, "steps_per_execution": 1})
    data, training, test = examples_of(settings)
    trained = make_model(settings, data)
    model = getattr(trained, "vae", trained)
    results = {}
    for step, batch in enumerate(training.take(STEPS)):
        for name, value in trained.train_on_batch(batch, return_dict=True).items():
            results[f"step {step}: {name}"] = np.asarray(value)
    for number, weight in enumerate(trained.weights):  # Keras counts its layers' names.
        results[f"weight {number}"] = weight.numpy()
    known = {name: test[name][:ROWS] for name in model.modalities}
    seed = tf.constant([3, 5])
    bound = model.bound(model.standardise(known), seed)
    results["bound"] = bound.value.numpy()
    results |= {f"bound: {name}": term.numpy() for name, term in bound.terms.items()}
    for direction in model.directions:
        given = {name: known[name] for name in direction.given}
        mean = model.generate(direction.target, given)
        samples = model.generate(direction.target, given, num_samples=3, seed=7)
        results[f"{direction.name}: mean"] = mean.numpy()
        results[f"{direction.name}: samples"] = samples.numpy()
    version = export(model, folder)
    signatures = tf.saved_model.load(str(version)).signatures
    for name, signature in sorted(signatures.items()):
        asked = {
            key: request_of(key, spec, known)
            for key, spec in signature.structured_input_signature[1].items()
        }
        for key, value in signature(**asked).items():
            answer = value.numpy()
            if answer.dtype == object:  # Files.
                answer = np.frombuffer(b"".join(answer), np.uint8)
            results[f"signature {name}: {key}"] = answer
    return results


def examples_of(settings):
    """Loads the settings' data set, its training batches and its test set."""
    load = found("jmvae_tf.data.registry:load", "jmvae_tf.data:load")
    pipelines = importlib.import_module("jmvae_tf.data.pipelines")
    options = getattr(settings, "data_options", None)
    if options is None:  # Until version 0.3.
        options = found("jmvae_tf.presets:data_options")(settings)
    data = load(settings.data, pathlib.Path("unused"), options)
    if hasattr(pipelines, "training_batches"):  # Until version 0.3.
        training = pipelines.training_batches(
            data, settings.batch_size, settings.seed, flips=bool(settings.flips)
        )
    else:
        feed = pipelines.Feed(data, settings.batch_size, settings.seed, bool(settings.flips))
        training = feed.training_batches()
    return data, training, pipelines.whole_part(data, "test")


def request_of(name, spec, known):
    """Makes an input of a signature: the test examples, a PNG of noise, or seeds."""
    import numpy as np
    import tensorflow as tf

    if spec.dtype == tf.string:
        noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
        return tf.repeat(tf.io.encode_png(noise)[tf.newaxis], ROWS)
    if name == "seed":
        return tf.range(ROWS, dtype=spec.dtype)
    if name == "z":
        return tf.random.stateless_normal((ROWS, spec.shape[1]), [1, 2])
    return tf.cast(known[name], spec.dtype)


def probe(models, data, output):
    """Writes the results of this tree to a file."""
    import numpy as np

    names = models or tuple(found("jmvae_tf.models.registry:MODELS", "jmvae_tf.presets:MODELS"))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for data_name in data:
                place = pathlib.Path(folder) / f"{data_name}-{name}"
                for key, value in compute(name, data_name, place).items():
                    results[f"{name} on {data_name}: {key}"] = value
                print(f"{name} on {data_name}", file=sys.stderr, flush=True)
    np.savez(output, **results)


@contextlib.contextmanager
def tree_of(commit):
    """Yields a temporary folder with the files of a commit; the working tree for None."""
    if commit is None:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "-C", ROOT, "archive", commit], check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield pathlib.Path(folder)


def differences(before, after):
    """Yields the differences between two files of results, one line each."""
    import numpy as np

    with np.load(before) as old, np.load(after) as new:
        yield from (f"only before: {name}" for name in old if name not in new)
        yield from (f"only after: {name}" for name in new if name not in old)
        for name in (name for name in old if name in new):
            x, y = old[name], new[name]
            if x.shape != y.shape or x.dtype != y.dtype:
                yield f"{name}: {x.dtype} {x.shape}, then {y.dtype} {y.shape}"
            elif not np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
                if x.dtype.kind not in "fiu":
                    yield f"{name}: other bytes"
                    continue
                gap = np.max(np.abs(x.astype(np.float64) - y))
                yield f"{name}: {gap / max(np.max(np.abs(x)), 1e-30):.2e} of the largest value"


def main():
    """Runs the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", nargs="?")
    parser.add_argument("after", nargs="?")
    parser.add_argument("--models", default="", help="names, separated by commas [all]")
    parser.add_argument("--data", default=",".join(DATA))
    parser.add_argument("--probe", help=argparse.SUPPRESS)  # The file that a process writes.
    arguments = parser.parse_args()
    models = tuple(filter(None, arguments.models.split(",")))
    data = tuple(arguments.data.split(","))
    if arguments.probe:
        probe(models, data, arguments.probe)
        return 0
    if arguments.before is None:
        parser.error("name the commit to compare with")
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, commit in (("before", arguments.before), ("after", arguments.after)):
            files.append(os.path.join(folder, f"{name}.npz"))
            with tree_of(commit) as tree:
                command = [sys.executable, __file__, f"--probe={files[-1]}"]
                command += [f"--models={arguments.models}", f"--data={arguments.data}"]
                environment = {**os.environ, "PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "2"}
                subprocess.run(command, cwd=folder, env=environment, check=True)
        import numpy as np

        different = list(differences(*files))
        number = len(np.load(files[0]).files)
    print(*different, sep="\n", end="\n" if different else "")
    print(f"{number} arrays compared, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
