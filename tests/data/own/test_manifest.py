import json

import pytest

from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.manifest_values import LIKELIHOODS
from jmvae_tf.runtime.errors import UserError
from tests.helpers.manifests import WHOLE


def test_json_round_trip():
    manifest = Manifest.from_json(WHOLE, "columns.json", whole=True)
    assert list(manifest.modalities) == list(WHOLE)[:-1]
    assert manifest.modalities["photo"].size == (48, 80)
    assert manifest.name == "shells"
    written = json.loads(json.dumps(manifest.to_json()))
    assert written == WHOLE
    assert Manifest.from_json(written, "config.json", whole=True) == manifest


def test_what_is_not_resolved_is_allowed_unless_all_is_asked_for():
    value = {"photo": {"kind": "image", "column": "file_name"}}
    manifest = Manifest.from_json(value, "columns.json", "pets")
    assert manifest.name == "pets"
    assert manifest.modalities["photo"] == ModalityColumns("image", ("file_name",))
    assert manifest.modalities["photo"].lacks == ("likelihood", "size", "channels")
    with pytest.raises(UserError, match=r"columns\.json: 'photo' without likelihood, size"):
        Manifest.from_json(value, "columns.json", whole=True)
    with pytest.raises(UserError, match="none"):
        Manifest.from_json({}, "columns.json", whole=True)


@pytest.mark.parametrize("kind", LIKELIHOODS)
def test_every_kind_has_a_usual_likelihood(kind):
    key, columns = ("columns", ["a"]) if kind in ("attributes", "numbers") else ("column", "a")
    value = {"x": {"kind": kind, key: columns, "likelihood": LIKELIHOODS[kind][0]}}
    assert Manifest.from_json(value, "m").modalities["x"].kind == kind


def _with(modality, **changes):
    entry = {key: x for key, x in {**WHOLE[modality], **changes}.items() if x is not ...}
    return {**WHOLE, modality: entry}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "the manifest as list"),
        ({"photo": 3}, "photo: a modality as int"),
        ({"": []}, '"" as list'),
        ({"class": {}}, "columns.json: 'class'; choose another name"),
        ({"a-b": {}}, "'a-b'"),
        (_with("photo", knid="image"), "photo: 'knid'; did you mean 'kind'"),
        (_with("photo", kind="picture"), "photo.kind: 'picture'"),
        (_with("photo", kind=["image"]), r"photo.kind: \['image'\]"),
        (_with("photo", kind=...), "photo.kind: None"),
        (_with("photo", column=...), "photo; add 'column'"),
        (_with("photo", column=["a"]), r"photo.column: \['a'\]"),
        (_with("photo", column="a\x1b[31m"), "photo.column"),
        (_with("photo", size=64), "photo.size: 64"),
        (_with("photo", size=[64]), r"photo.size: \[64\]"),
        (_with("photo", size=[64, 10**9]), "photo.size"),
        (_with("photo", size=[64, True]), "photo.size"),
        (_with("photo", channels=2), "photo.channels: 2"),
        (_with("photo", channels=True), "photo.channels: True"),
        (_with("photo", fit="zoom"), "photo.fit: 'zoom'"),
        (_with("photo", likelihood="Poisson"), "photo.likelihood: 'Poisson'"),
        (_with("photo", likelihood="gaussian"), "photo.likelihood: 'gaussian'"),
        (_with("photo", likelihood_weight=0), "photo.likelihood_weight: 0"),
        (_with("photo", likelihood_weight=10**400), "photo.likelihood_weight"),
        (_with("photo", likelihood_weight=float("nan")), "photo.likelihood_weight: nan"),
        (_with("photo", partly_observed=1), "photo.partly_observed: 1"),
        (_with("photo", classes=["a"]), "photo: 'classes'"),
        (_with("species", classes=[]), r"species.classes: \[\]"),
        (_with("species", classes=["a", "a"]), "species.classes"),
        (_with("species", classes="ab"), "species.classes: 'ab'"),
        (_with("species", classes=["a", 1]), "species.classes"),
        (_with("species", columns=["a"]), "species: 'columns'; did you mean"),
        (_with("traits", columns="striped"), "traits.columns: 'striped'"),
        (_with("measures", log=["depth"]), "measures.log: 'depth'"),
        (_with("measures", likelihood="Poisson"), "measures.log"),
        (_with("note", alphabet="aab"), "note.alphabet"),
        (_with("note", alphabet="a\n"), "note.alphabet"),
        (_with("note", length=0), "note.length: 0"),
        (_with("note", length=4096, alphabet="abcdefghijklmnopq"), r"note.length: \[4096, 18\]"),
        (_with("note", partly_observed=True), "note.partly_observed: True"),
        (_with("spectrum", shape=[2**20, 2**20]), "spectrum.shape"),
        (_with("spectrum", shape=[]), "spectrum.shape"),
        (_with("photo", column="species"), "'species' in 'photo' and 'species'"),
        ({**WHOLE, "": {"ignore": ["species"]}}, "'species', which 'species' has too"),
        ({**WHOLE, "": {"spilt": "part"}}, "'spilt'; did you mean 'split'"),
        ({**WHOLE, "": {"split": ["part"]}}, "split"),
        ({**WHOLE, "": {"name": "../../elsewhere"}}, "name: '../../elsewhere'"),
        ({**WHOLE, "": {"name": ".."}}, "name: '..'"),
        ({f"m{i}": {} for i in range(65)}, "65"),
    ],
)
def test_what_a_stranger_may_write(value, message):
    with pytest.raises(UserError, match=message) as caught:
        Manifest.from_json(value, "columns.json")
    assert "columns.json" in str(caught.value)
    assert "\n" not in str(caught.value)
