"""What flags say by name: values, and mistakes that are told in one line."""

import pathlib

import numpy as np
import pytest
from absl import flags

from jmvae_tf.data import faces
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.programs.common.images_by_name import parse_images
from jmvae_tf.programs.common.values_by_name import parse
from jmvae_tf.runtime.errors import UserError

LABEL = {"label": Modality("label", (3,), Categorical(), kind="label", value_names=("a", "b", "c"))}
NAMES = ("Bald", "Mouth_Slightly_Open", "Smiling")
FACES = faces.face_modalities(8, NAMES)
BOTH = FACES | LABEL


def test_label():
    parsed = parse("given", ["label=b"], LABEL)
    assert parsed.keys() == {"label"}
    np.testing.assert_array_equal(parsed["label"], [0, 1, 0])


@pytest.mark.parametrize(("value", "index"), [("0", 0), ("2", 2)])
def test_a_label_without_names_by_its_index(value, index):
    unnamed = {"kind": Modality("kind", (3,), Categorical(), kind="label")}
    described = {"kind": DescribedModality("kind", (3,), (0.0, 1.0), "label", (), None)}
    for modalities in (unnamed, described):
        parsed = parse("given", [f"kind={value}"], modalities)
        np.testing.assert_array_equal(parsed["kind"], np.eye(3)[index])


@pytest.mark.parametrize("value", ["3", "-1", "1.0", "", "a", "00"])
def test_no_index_of_a_label_without_names(value):
    unnamed = {"kind": Modality("kind", (3,), Categorical(), kind="label")}
    with pytest.raises(UserError, match="--given=kind=… must be a number from 0 to 2, since its"):
        parse("given", [f"kind={value}"], unnamed)


def test_an_attribute_whose_name_has_a_sign_of_equality():
    odd = {"odd": DescribedModality("odd", (2,), (-3.0, 3.0), "attributes", ("a=b", "a"), None)}
    np.testing.assert_array_equal(parse("given", ["a=b=2"], odd)["odd"], [2, np.nan])


def test_a_name_of_several_values():
    both = {
        name: DescribedModality(name, (2,), (-3.0, 3.0), "attributes", ("x", name), None)
        for name in ("left", "right")
    }
    np.testing.assert_array_equal(parse("given", ["left=1"], both)["left"], [np.nan, 1])
    with pytest.raises(
        UserError, match="and x is the name of several; received --given=x=1;"
    ) as no:
        parse("given", ["x=1"], both)
    assert str(no.value).endswith("; write --given=left.x=1 or --given=right.x=1")
    parsed = parse("given", ["right.x=1", "left.x=2", "right=3"], both)
    assert list(parsed) == ["left", "right"]
    np.testing.assert_array_equal(parsed["left"], [2, np.nan])
    np.testing.assert_array_equal(parsed["right"], [1, 3])


def test_two_labels_and_a_value_that_is_called_like_one_of_them():
    species = DescribedModality("species", (2,), (0.0, 1.0), "label", ("cockle", "whelk"), None)
    beach = DescribedModality("beach", (2,), (0.0, 1.0), "label", (), None)
    traits = DescribedModality("traits", (2,), (-3.0, 3.0), "attributes", ("red", "beach"), None)
    modalities = {x.name: x for x in (traits, species, beach)}
    parsed = parse("given", ["species=whelk", "beach=0", "traits.beach=-1"], modalities)
    np.testing.assert_array_equal(parsed["species"], [0, 1])
    np.testing.assert_array_equal(parsed["beach"], [1, 0])
    np.testing.assert_array_equal(parsed["traits"], [np.nan, -1])
    with pytest.raises(UserError, match="did you mean species"):
        parse("given", ["specis=whelk"], modalities)
    with pytest.raises(UserError, match=r"choose among red, beach, species, traits\.beach$"):
        parse("given", ["weight=1"], modalities)


@pytest.mark.parametrize(("low", "high"), [(-3.0, 3.0), (0.0, 1.0)])
def test_attributes_are_yes_or_no(low, high):
    traits = DescribedModality("traits", (2,), (low, high), "attributes", ("red", "big"), None)
    parsed = parse("given", ["red=yes", "big=No"], {"traits": traits})
    np.testing.assert_array_equal(parsed["traits"], traits.no_and_yes[::-1])


def test_named_values_of_a_vector():
    sizes = Modality("sizes", (2, 1), Gaussian(), value_names=("length", "weight"))
    code = Modality("code", (2,), Gaussian())
    modalities = {"sizes": sizes, "code": code}
    parsed = parse("given", ["weight=1e6"], modalities)
    np.testing.assert_array_equal(parsed["sizes"], [[np.nan], [1e6]])
    with pytest.raises(UserError, match="length must be a finite number; received --given=length="):
        parse("given", ["length=inf"], modalities)
    with pytest.raises(UserError, match="length must be a finite number"):  # As a float32.
        parse("given", ["length=1e40"], modalities)
    with pytest.raises(
        UserError, match="by their names, and code has none; received --given=code=1; write --code="
    ):
        parse("given", ["code=1"], modalities)


@pytest.mark.parametrize(
    ("items", "images", "told"),
    [
        (["a.png"], [], "This is a model of label, without any image; received --image=a.png;"),
        (["a", "b"], ["image"], "An image is given once; received --image=a --image=b; choose one"),
        (
            ["a.png"],
            ["left", "right"],
            "This is a model of several images, left and right; received --image=a.png; "
            "write --image=left=FILE or --image=right=FILE",
        ),
        (["left="], ["left", "right"], "received --image=left=; write --image=left=FILE or"),
        (
            ["left=a", "left=b"],
            ["left", "right"],
            "An image is given once; received --image=left=a",
        ),
    ],
)
def test_images_that_are_not_given_by_name(items, images, told):
    with pytest.raises(UserError) as caught:
        parse_images(items, _images(images))
    assert told in str(caught.value)


def test_images_by_name(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert parse_images([], {}) == {}
    assert parse_images(["a=b.png"], _images(["image"])) == {"image": pathlib.Path("a=b.png")}
    parsed = parse_images(["right=~/b=c.png", "left=a.png"], _images(["left", "right"]))
    assert parsed == {"left": pathlib.Path("a.png"), "right": pathlib.Path("/home/me/b=c.png")}
    assert list(parsed) == ["left", "right"]


def _images(names):
    return LABEL | {
        name: DescribedModality(name, (4, 4, 1), (0.0, 1.0), "image", (), None) for name in names
    }


def test_attributes_are_nan_where_none_is_named():
    parsed = parse("given", ["Smiling=-3", "Bald=0.5"], FACES)
    assert parsed.keys() == {"attributes"}
    np.testing.assert_array_equal(parsed["attributes"], [0.5, np.nan, -3])


def test_label_and_attributes():
    parsed = parse("given", ["Smiling=1", "label=c"], BOTH)
    np.testing.assert_array_equal(parsed["attributes"], [np.nan, np.nan, 1])
    np.testing.assert_array_equal(parsed["label"], [0, 0, 1])


def test_nothing():
    assert parse("given", [], BOTH) == {}


@pytest.mark.parametrize(
    "name", ["smiling", "SMILING", "Smilling", "mouth slightly open", "MouthSlightlyOpen", "lable"]
)
def test_nearest_name_is_suggested(name):
    nearest = {"s": "Smiling", "m": "Mouth_Slightly_Open", "l": "label"}[name[0].lower()]
    with pytest.raises(UserError) as caught:
        parse("given", [f"{name}=1"], BOTH)
    assert str(caught.value) == (
        "--given must name what the model knows; "
        f"received --given={name}=1; did you mean {nearest}?"
    )


@pytest.mark.parametrize(
    ("items", "modalities", "told"),
    [
        (
            ["Quux=1"],
            BOTH,
            "--set must name what the model knows; received --set=Quux=1; "
            "choose among Bald, Mouth_Slightly_Open, Smiling, label",
        ),
        (["=1"], LABEL, "received --set==1; choose among label"),
        (
            ["Smiling=3.01"],
            FACES,
            "must be yes, no or a number from -3 to 3; received --set=Smiling=3.01; change it",
        ),
        (
            ["Smiling=-4"],
            FACES,
            "must be yes, no or a number from -3 to 3; received --set=Smiling=-4;",
        ),
        (
            ["Smiling=nan"],
            FACES,
            "must be yes, no or a number from -3 to 3; received --set=Smiling=nan;",
        ),
        (
            ["Smiling=maybe"],
            FACES,
            "must be yes, no or a number from -3 to 3; received --set=Smiling=maybe;",
        ),
        (["Smiling"], FACES, "must be yes, no or a number from -3 to 3; received --set=Smiling;"),
        (["Bald=1", "Bald=1"], FACES, "is given once; received --set=Bald=1,Bald=1; choose one"),
        (["label=a", "label=b"], LABEL, "received --set=label=a,label=b; choose one"),
        (["label=d"], BOTH, "--set=label=… must be one of a, b, c; received --set=label=d;"),
        (
            ["Smiling=1"],
            {"image": FACES["image"]},
            "This is a model of image, without any label or attributes; received --set=Smiling=1;",
        ),
    ],
)
def test_mistakes(items, modalities, told):
    with pytest.raises(UserError) as caught:
        parse("set", items, modalities)
    assert told in str(caught.value)


def test_a_name_with_a_comma_needs_quotes_and_the_refusal_says_so():
    """A flag's list is parsed as a line of CSV."""
    species = Modality(
        "species", (2,), Categorical(), kind="label", value_names=("cockle, common", "limpet")
    )
    traits = Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("red, dark", "x"))
    modalities = {"species": species, "traits": traits}
    parser = flags.ListParser()
    for text in ("species=cockle, common", "red, dark=1"):
        with pytest.raises(UserError, match="put double quotes around an item with a comma"):
            parse("given", parser.parse(text), modalities)
    parsed = parse("given", parser.parse('"species=cockle, common","red, dark=1"'), modalities)
    np.testing.assert_array_equal(parsed["species"], [1, 0])
    np.testing.assert_array_equal(parsed["traits"], [1, np.nan])
    with pytest.raises(UserError) as refusal:
        parse("given", ["y=1"], LABEL)
    assert "quotes" not in str(refusal.value)
