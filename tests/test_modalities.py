"""Ranges of attributes, and where yes begins."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest

from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.value_names import is_name
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.programs.common.print_values import print_table, shown_attributes
from tests.helpers.evaluation import TRAITS, traits_of

KINDS = [
    (Bernoulli(), None, 0.5, (0, 1)),
    (Bernoulli(), (0.0, 1.0), 0.5, (0, 1)),
    (Gaussian(), (-3.0, 3.0), 0.0, (-1, 1)),
    (Gaussian(), None, 0.0, (-1, 1)),
    (Gaussian(), (0.0, 1.0), 0.5, (0, 1)),
    (Gaussian(), (0.0, 10.0), 5.0, (0, 10)),
    (Gaussian(), (-0.5, 0.5), 0.0, (-0.5, 0.5)),
]


@pytest.mark.parametrize(("likelihood", "value_range", "threshold", "ends"), KINDS)
def test_yes_begins_in_the_middle_of_the_range(capsys, likelihood, value_range, threshold, ends):
    modality = traits_of(likelihood, value_range)
    described = DescribedModality(
        "traits", (3,), modality.support, "attributes", TRAITS, means=None
    )
    no, yes = ends
    for known in (modality, described):
        assert (known.threshold, known.no_and_yes) == (threshold, ends)
        values = np.array([yes, no, no + 0.51 * (yes - no)])
        assert shown_attributes(known, values) == "red, round"
        print_table(known, values)
        verdicts = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]]
        assert verdicts == ["yes", "yes", "no"]


def test_values_of_a_vector_are_told_without_a_class(capsys):
    print_table(Modality("sizes", (2, 2), Gaussian()), np.array([[1.0, 2.0], [3.0, 4.0]]))
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "sizes:"
    assert [line.split() for line in printed.splitlines()[1:]] == [
        ["0", "1.0000"],
        ["1", "2.0000"],
        ["2", "3.0000"],
        ["3", "4.0000"],
    ]


def test_a_range_must_fit_the_likelihood_and_have_a_middle():
    with pytest.raises(ValueError, match=r"within the likelihood's, \(0.0, 1.0\)"):
        traits_of(Bernoulli(), (-3, 3))
    with pytest.raises(ValueError, match="the middle of their range"):
        traits_of(Gaussian(), (0, math.inf))


def test_names_of_values_do_not_repeat():
    with pytest.raises(ValueError, match=r"a name of its own. Received: \['Bald'\]"):
        Modality("x", (3,), Gaussian(), value_names=("Bald", "Smiling", "Bald"))


def test_stored_names_that_repeat_are_numbered():
    """Version 0.3 wrote such files."""
    names = ("Bald", "Smiling", "Wise")
    config = Modality("x", (3,), Gaussian(), value_names=names).get_config()
    loaded = Modality.from_config({**config, "value_names": ["Bald", "Bald", "Bald (2)"]})
    assert loaded.value_names == ("Bald", "Bald (3)", "Bald (2)")
    assert Modality.from_config(config).value_names == names


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("event_shape", 3, "An event shape has a whole number for each axis"),
        ("event_shape", (2.7,), "An event shape has"),
        ("event_shape", "23", "An event shape has"),
        ("event_shape", (None, 3), "An event shape has"),
        ("likelihood", Categorical, r"A likelihood is an object such as Gaussian\(\)"),
        ("likelihood", "gaussian", "A likelihood is an object"),
        ("likelihood_weight", "5", "A likelihood weight must be positive and finite"),
        ("likelihood_weight", math.nan, "A likelihood weight must be positive and finite"),
        ("kind", "labels", "A kind is one of 'image', 'label', 'attributes', 'vector'"),
        ("kind", ["label"], "A kind is one of"),
        ("value_names", "abc", "Value names are a tuple of strings"),
        ("value_names", {"a", "b", "c"}, "Value names"),
        ("value_names", (0, 1, 2), "Value names .* Received: 0"),
        ("value_names", ("", "a", "b"), "Value names .* Received: ''"),
        ("value_names", ("a\nb", "a", "b"), "Value names"),
        ("value_names", ("a" * 201, "a", "b"), "Value names"),
        ("value_range", (0, 1, 2), "A range is two numbers"),
        ("value_range", "01x", "A range is two numbers"),
        ("value_range", 1, "A range is two numbers"),
    ],
)
def test_a_field_of_another_type_is_refused(field, value, rule):
    fields = {"name": "x", "event_shape": (3,), "likelihood": Categorical(), "kind": "label"}
    with pytest.raises(ValueError, match=rule):
        Modality(**{**fields, field: value})


def test_values_have_names_of_any_script():
    names = ("a,b", "c=d", "🐈", "👩\u200d🔬", "می\u200cخواهم")
    modality = Modality("x", (5,), Categorical(), kind="label", value_names=np.array(names))
    assert modality.value_names == names
    assert all(type(name) is str for name in modality.value_names)


def test_stored_names_that_cannot_be_shown_are_mended():
    """Version 0.3 wrote such files."""
    config = Modality("x", (5,), Gaussian()).get_config()
    loaded = Modality.from_config({**config, "value_names": [0, "", "a\nb", "\x1b", "c" * 300]})
    assert loaded.value_names == ("0", "?", "a b", "\\x1b", "c" * 200)
    assert all(map(is_name, loaded.value_names))


def test_shown_as_is_an_old_name_of_kind():
    with pytest.warns(DeprecationWarning, match="shown_as is called kind"):
        label = Modality("x", (2,), Categorical(), shown_as="label")
    assert label == Modality("x", (2,), Categorical(), kind="label")
    with pytest.warns(DeprecationWarning, match="shown_as is called kind"):
        assert label.shown_as == "label"
    with pytest.warns(DeprecationWarning, match="shown_as is called kind"):
        assert dataclasses.replace(label, shown_as="vector").kind == "vector"
    for copied in (copy.deepcopy(label), pickle.loads(pickle.dumps(label))):
        assert copied == label
