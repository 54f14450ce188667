"""What benchmarks measure by, where they have a measure of their own."""

import runpy
import subprocess
import sys
import time

import numpy as np
import pytest

from jmvae_tf.data.toyfaces import loading, people
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES
from tests.helpers.paths import ROOT


@pytest.fixture(scope="module")
def edited_faces():
    return runpy.run_path(str(ROOT / "benchmarks" / "edited_faces.py"))


@pytest.fixture(scope="module")
def truth(edited_faces):
    """Sixteen faces, two for each attribute that is changed."""
    return edited_faces["true_edits"](people.sample_attributes(16, 5), 5)


def test_one_attribute_of_each_face_is_changed(edited_faces, truth):
    names = edited_faces["EDITED"]
    for index, (before, after) in enumerate(zip(truth.attributes, truth.changed, strict=True)):
        [column] = np.flatnonzero(before != after)
        assert ATTRIBUTES[column] == names[index % len(names)]
        assert before[column] == -after[column]
    drawn = loading.redraw(truth.changed, 5)
    np.testing.assert_array_equal(np.rint(255 * truth.edited), drawn)


def test_background_and_skin_are_where_they_are_known_to_be(truth):
    assert truth.background[:, loading.empty_corners()].all()
    assert not truth.background[:, 24:44, 24:40].any(), "the middle of the face"
    assert not (truth.background & truth.skin).any()
    assert 0.05 < truth.skin.mean() < 0.25 < truth.background.mean() < 0.75


def test_distances_are_those_of_each_part(edited_faces, truth):
    distances = edited_faces["distances"]
    perfect, untouched = distances(truth, truth.edited), distances(truth, truth.images)
    for part in ("background", "skin", "rest"):
        np.testing.assert_array_equal(np.nan_to_num(perfect[part]), 0)
        np.testing.assert_array_equal(np.nan_to_num(untouched[part]), 0)
    asked = (truth.images != truth.edited).any(axis=-1)
    expected = [
        255 * np.abs(image - edited)[there].mean()
        for image, edited, there in zip(truth.images, truth.edited, asked, strict=True)
    ]
    np.testing.assert_array_equal(perfect["asked for"], 0)
    np.testing.assert_allclose(untouched["asked for"], expected, rtol=1e-4)
    # Where pale skin is asked for, no skin is to be kept.
    pale = (
        truth.attributes[:, ATTRIBUTES.index("Pale_Skin")]
        != truth.changed[:, ATTRIBUTES.index("Pale_Skin")]
    )
    np.testing.assert_array_equal(np.isnan(perfect["skin"]), pale)

    darker = truth.edited - 10 / 255 * truth.skin[..., np.newaxis]
    found = distances(truth, darker)
    np.testing.assert_allclose(found["skin"][~pale], 10, rtol=1e-4)
    np.testing.assert_array_equal(found["background"], 0)


def test_how_busy_a_gpu_is(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 40\necho 60\nexec sleep 60\n", encoding="ascii")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    utilisation = runpy.run_path(str(ROOT / "benchmarks" / "gpu.py"))["_utilisation"]
    with utilisation(True) as readings:
        while len(readings) < 2:
            time.sleep(0.01)
    assert readings == [40, 60]
    with utilisation(False) as readings:
        pass
    assert not readings


@pytest.mark.slow
def test_presets_are_measured_where_there_is_no_gpu_too(tmp_path):
    arguments = ["--data=digits,mnist", "--xla=no", "--batches=1,2", "--seconds=0.1"]
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py", *arguments, "--precisions=float32"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    first, heads, *rows, took = done.stdout.splitlines()
    assert first.startswith("no GPU: the processor; tensorflow ")
    assert heads.split()[:5] == ["data", "model", "precision", "XLA", "batch"]
    cells = [row.split() for row in rows]
    assert [x[:5] for x in cells] == [
        ["digits", "jmvae_kl", "float32", "no", "50"],
        ["mnist", "jmvae_kl", "float32", "no", "100"],
        ["digits", "jmvae_kl", "float32", "no", "100"],
        ["mnist", "jmvae_kl", "float32", "no", "200"],
    ]
    for *_, rate, busy, memory, bound in cells:
        assert float(rate) > 100
        assert (busy, memory) == ("-", "-")
        assert -1000 < float(bound) < 0
    assert took.endswith(" s in all")
