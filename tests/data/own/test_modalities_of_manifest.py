import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.manifest_values import LIKELIHOODS
from jmvae_tf.data.own.modalities_of_manifest import modalities_of, prepare_by
from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.runtime.errors import UserError
from tests.helpers.manifests import WHOLE


def _usual():
    """The modalities, each with the usual likelihood."""
    usual = {
        name: {**entry, "likelihood": LIKELIHOODS[entry["kind"]][0]}
        for name, entry in WHOLE.items()
        if name
    }
    return Manifest.from_json({**usual, "": WHOLE[""]}, "columns.json", whole=True)


def test_each_kind_becomes_a_modality():
    modalities = modalities_of(_usual())
    assert {name: x.event_shape for name, x in modalities.items()} == {
        "photo": (48, 80, 3),
        "species": (2,),
        "traits": (2,),
        "measures": (2,),
        "note": (12, 4),
        "spectrum": (7, 2),
    }
    assert modalities["photo"].value_range == (0, 1)
    assert modalities["photo"].standardised
    assert not modalities["traits"].standardised
    assert modalities["measures"].log_values == ("weight_g",)
    assert modalities["measures"].partly_observed
    assert modalities["measures"].likelihood_weight == 2.5
    assert modalities["note"].value_names == ("a", "b", " ", END_MARK)


@pytest.mark.parametrize(
    ("kind", "likelihood"),
    [(kind, x) for kind, some in LIKELIHOODS.items() for x in some],
)
def test_each_likelihood_that_a_manifest_may_name(kind, likelihood):
    entry = next(x for x in WHOLE.values() if x.get("kind") == kind)
    entry = {key: x for key, x in entry.items() if key not in ("log", "partly_observed")}
    manifest = Manifest.from_json({"x": {**entry, "likelihood": likelihood}}, "m", whole=True)
    [modality] = modalities_of(manifest).values()
    assert type(modality.likelihood).__name__ == likelihood


def test_stored_values_become_those_of_the_modalities():
    manifest = _usual()
    stored = {
        name: tf.cast(
            tf.fill((2, *one.stored_shape), 0 if one.kind == "attributes" else 1), one.stored_type
        )
        for name, one in manifest.modalities.items()
    }
    stored["note"] = tf.constant([[1, 0] + [3] * 10] * 2, "uint16")
    values = prepare_by(manifest)(stored)
    for name, modality in modalities_of(manifest).items():
        assert values[name].shape == (2, *modality.event_shape)
        assert values[name].dtype == tf.float32
        modality.check_examples(values[name].numpy())
    np.testing.assert_array_equal(values["traits"], -np.ones((2, 2)))
    np.testing.assert_array_equal(values["note"][0, :3, :], np.eye(4)[[1, 0, 3]])


def test_what_is_not_resolved_makes_none():
    with pytest.raises(UserError, match="size"):
        modalities_of(Manifest.from_json({"x": {"kind": "image", "column": "f"}}, "m"))
