"""Training on several replicas: two processes, or two logical devices of one."""

import contextlib
import json
import os
import tempfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.runtime.replicas import WHOLE, Share
from tests.helpers.distributed_job import run
from tests.helpers.forked import forked
from tests.helpers.ports import free_ports
from tests.helpers.steps_on_replicas import GRADIENTS, clip, train_with_gaps


def environment_of(task=None, ports=()):
    """That of one process of a job."""
    environment = {name: x for name, x in os.environ.items() if name != "TF_CONFIG"}
    if task is not None:
        cluster = {"worker": [f"localhost:{port}" for port in ports]}
        environment["TF_CONFIG"] = json.dumps(
            {"cluster": cluster, "task": {"type": "worker", "index": task}}
        )
    return environment


def results_of(job, model, distribute, out, means=False, examples=None):
    """What the processes of a job found."""
    request = {"job": job, "model": model, "distribute": distribute, "means": means}
    request["examples"] = examples
    request["out"] = str(out / f"{model}-{distribute}-{means}.npz")
    if distribute == "multi_worker":
        ports = free_ports(2)
        environments = [environment_of(task, ports) for task in range(2)]
    else:
        environments = [environment_of()]
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(tempfile.TemporaryFile("w+"))
        streams = {"stdout": told.fileno(), "stderr": told.fileno()}
        processes = [
            stack.enter_context(forked(run, request, folder=out, env=environment, **streams))
            for environment in environments
        ]
        for process in processes:
            process.join(600)
        told.seek(0)
        assert [process.exitcode for process in processes] == [0] * len(processes), told.read()
    with np.load(request["out"]) as file:
        return {name: file[name] for name in file}


@pytest.mark.slow  # Two tests below take parts of this to exact values.
@pytest.mark.parametrize("means", [True, False])
@pytest.mark.parametrize("model", ["jmvae_kl", "jmvae_kl_gan"])
@pytest.mark.parametrize("distribute", ["mirrored", "multi_worker"])
def test_gradients_do_not_depend_on_the_number_of_replicas(distribute, model, means, tmp_path):
    """Those of all parts, batch normalisation's moving statistics, and the test terms after it."""
    alone = results_of("gradients", model, None, tmp_path, means)
    shared = results_of("gradients", model, distribute, tmp_path, means)
    assert set(alone) == set(shared)
    for name, expected in alone.items():
        if name.startswith("moment"):
            assert np.linalg.norm(expected) > 0, name
            error = np.linalg.norm(shared[name] - expected) / np.linalg.norm(expected)
            assert error < 1e-5, name
        elif name.startswith("state"):
            np.testing.assert_allclose(shared[name], expected, rtol=1e-5, atol=1e-7, err_msg=name)
        elif name.startswith("term") and means and "loss" not in name:
            # Nothing was drawn, though the parts of the last test batch are unequal.
            np.testing.assert_allclose(shared[name], expected, rtol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [1, 13])  # Of a batch of 20: none, or three, for the second.
@pytest.mark.parametrize("model", ["jmvae_kl", "jmvae_kl_gan"])
@pytest.mark.parametrize("distribute", ["mirrored", "multi_worker"])
def test_a_last_batch_that_replicas_share_unequally(distribute, model, examples, tmp_path):
    """The same gradients, and moving statistics, as of one replica that has the whole batch."""
    alone = results_of("uneven", model, None, tmp_path, examples=examples)
    shared = results_of("uneven", model, distribute, tmp_path, examples=examples)
    assert set(alone) == set(shared)
    for name, expected in alone.items():
        if name.startswith("moment"):
            error = np.linalg.norm(shared[name] - expected)
            # Of one example, normalisation leaves nothing: gradients of 0.
            assert error < 1e-4 * np.linalg.norm(expected) + 1e-6, name
        elif name.startswith("state"):
            np.testing.assert_allclose(shared[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)


def written_by(function, request, folder):
    """What a function of `steps_on_replicas` wrote."""
    out = str(folder / f"{request.get('replicas')}.npz")
    with tempfile.TemporaryFile("w+") as told:
        streams = {"stdout": told.fileno(), "stderr": told.fileno()}
        with forked(function, {**request, "out": out}, folder=folder, **streams) as process:
            process.join(600)
        told.seek(0)
        assert process.exitcode == 0, told.read()
    with np.load(out) as file:
        return dict(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "options", "adversary"),
    [
        ("jmvae_kl", {}, None),
        ("jmvae_kl", {"inside": {"num_samples": 3, "gradient": "dreg"}}, None),
        ("jmvae_kl", {"global_clipnorm": 1.0}, None),
        ("jmvae_kl_gan", {}, None),
        ("jmvae_kl_gan", {}, "non_saturating+zero_centred+projection+balanced+shifts"),
        ("jmvae_gan", {}, "non_saturating+spectral+similarity"),
        ("jmvae_kl_gan", {"stage": "bound"}, "non_saturating"),
        ("jmvae_kl_gan", {"stage": "decoder"}, "non_saturating+r1+projection+balanced"),
    ],
)
def test_replicas_whose_examples_lack_modalities(model, options, adversary, tmp_path):
    """One of them has no photo at all; what is missing is NaN."""
    stage, inside = options.get("stage", "together"), options.get("inside", {})
    options = {name: x for name, x in options.items() if name not in ("stage", "inside")}
    request = {"model": model, "options": options, "adversary": adversary, "stage": stage}
    request["inside"] = inside
    alone, shared = [
        written_by(train_with_gaps, {"replicas": number, **request}, tmp_path) for number in (1, 2)
    ]
    assert set(alone) == set(shared)
    for name, expected in alone.items():
        assert np.isfinite(expected).all(), name
        np.testing.assert_allclose(shared[name], expected, rtol=2e-5, atol=2e-6, err_msg=name)
    if stage != "together":
        return
    unchanged = [name for name, x in alone.items() if name.startswith("change") and not x.any()]
    assert not [x for x in unchanged if not x.endswith(("kl_weight", "/mean", "/stddev"))]


def test_replicas_clip_the_sum_of_their_gradients(tmp_path):
    """As Keras clips it on one device: all variables together, each, or value by value."""
    limits = {"global_clipnorm": 1.0, "clipnorm": 1.0, "clipvalue": 0.3}
    found = written_by(clip, {"limits": limits}, tmp_path)
    for name, limit in limits.items():
        optimizer = keras.optimizers.SGD(1.0, **{name: limit})
        variables = [keras.Variable(np.zeros(2, np.float32)) for _ in range(2)]
        optimizer.apply(list(np.sum(GRADIENTS, axis=0, dtype=np.float32)), variables)
        expected = [*(-x.numpy() for x in variables), [0, 0]]
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, err_msg=name)


def test_parts_of_a_batch_make_up_the_whole():
    """Of replicas of 3, 0 and 2 examples: their draws and their parts of a mean."""
    sizes = [3, 0, 2]
    shares = [Share(replica, 3, lambda _: tf.constant(sizes)) for replica in range(3)]
    values = tf.constant([4.0, 5.0, 6.0, 10.0, 100.0])
    parts = tf.split(values, sizes)
    drawn = [
        share.part_of_batch(tf.range, tf.shape(x)[0])
        for share, x in zip(shares, parts, strict=True)
    ]
    np.testing.assert_array_equal(tf.concat(drawn, axis=0), np.arange(5))
    means = [share.part_of_mean(x)(x) for share, x in zip(shares, parts, strict=True)]
    np.testing.assert_allclose(sum(means), 25.0)
    np.testing.assert_allclose(WHOLE.part_of_mean(values)(values), 25.0)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["jmvae_kl", "jmvae_kl_gan"])
@pytest.mark.parametrize("distribute", ["mirrored", "multi_worker"])
def test_bounds_after_five_epochs(distribute, model, tmp_path):
    """On the test set: within two standard errors, for both draw samples."""
    alone = results_of("training", model, None, tmp_path)
    shared = results_of("training", model, distribute, tmp_path)
    bounds = alone["bounds"]
    standard_error = np.std(bounds) / np.sqrt(len(bounds))
    difference = float(shared["term bound"] - alone["term bound"])
    print(f"{model} on {distribute}: {difference:.4f} nats, standard error {standard_error:.3f}")
    assert abs(difference) < 2 * standard_error
