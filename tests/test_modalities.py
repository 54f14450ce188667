"""Ranges of attributes, and where yes begins."""

import copy
import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.value_names import is_name
from jmvae_tf.likelihoods import Bernoulli, Categorical, CategoricalSequence, Gaussian
from jmvae_tf.modalities import Modality, check_names, observed_key
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
        printed = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert printed[:2] == [["traits:", "red,", "round"], ["probability", "of", "yes"]]
        assert [line[1:] for line in printed[2:]] == [
            ["1.000", "yes"],
            ["0.510", "yes"],
            ["0.000", "no"],
        ]


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
        (
            "kind",
            "labels",
            "A kind is one of 'image', 'label', 'attributes', 'numbers', 'text', 'array', 'vector'",
        ),
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


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        *(("image", (5, 7, channels)) for channels in (1, 3, 4)),
        ("numbers", (3,)),
        ("array", (2, 3, 4, 5)),
        ("array", (9,)),
        ("vector", (2, 3)),
    ],
)
def test_kinds_have_shapes(kind, shape):
    assert Modality("x", shape, Gaussian(), kind=kind).event_shape == shape


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("image", (5, 7)), ("image", (5, 7, 2)), ("image", (5, 7, 5)), ("numbers", (2, 3))],
)
def test_a_shape_that_its_kind_cannot_have_is_refused(kind, shape):
    with pytest.raises(ValueError, match=rf"An image has .* kind='{kind}' with event_shape=\("):
        Modality("x", shape, Gaussian(), kind=kind)


def test_the_key_of_what_is_observed():
    assert observed_key("measures") == "measures/observed"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "image", "event_shape": (2, 2, 1)}, "can be partly observed.*kind='image'"),
        ({"kind": "vector", "event_shape": (2, 2)}, "can be partly observed"),
        ({"kind": "label", "likelihood": Categorical()}, "can be partly observed"),
        ({"likelihood": Categorical()}, r"can be partly observed.*Categorical\(\)"),
    ],
)
def test_what_is_observed_together_is_not_partly_observed(fields, message):
    fields = {"name": "x", "event_shape": (3,), "likelihood": Gaussian(), **fields}
    with pytest.raises(ValueError, match=message):
        Modality(**fields, partly_observed=True)


NUMBERS = Modality(
    "measures",
    (3,),
    Gaussian(),
    kind="numbers",
    value_names=("mm", "g", "count"),
    standardised=True,
    log_values=("g",),
)


@pytest.mark.parametrize(
    ("changes", "received"),
    [
        ({"log_values": ("kg",)}, r"\['kg'\]"),
        ({"standardised": False}, "standardised=False"),
        ({"kind": "vector"}, "kind='vector'"),
    ],
)
def test_logarithms_are_of_standardised_numbers(changes, received):
    with pytest.raises(ValueError, match=f"Logarithms are modelled of.*{received}"):
        dataclasses.replace(NUMBERS, **changes)
    with pytest.raises(ValueError, match="Value names are a tuple"):
        dataclasses.replace(NUMBERS, log_values="g")


def test_a_number_with_a_logarithm_is_positive():
    events = np.array([[-1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match=r"'g' of 'measures' must be positive.* 0, example 1"):
        NUMBERS.check_values(events)
    NUMBERS.check_values(events[:1])
    NUMBERS.check_values(events, np.array([True, False]))
    NUMBERS.check_values(events, np.array([[True, True, True], [True, False, True]]))


def test_only_observed_values_are_checked():
    pixels = Modality("x", (2,), Bernoulli(), nan_is_missing=True)
    events = np.array([[0.0, 1.0], [np.nan, np.nan], [7.0, np.inf]])
    observed = np.array([True, False, False])
    pixels.check_examples(events, observed)
    pixels.check_values(events[:2])
    np.testing.assert_array_equal(pixels.observed_in(events[:2]), [True, False])
    with pytest.raises(ValueError, match=r"from 0 to 1.*Received: values from 0 to inf"):
        pixels.check_values(events)
    with pytest.raises(ValueError, match=r"as a whole or not at all.*in example 1"):
        pixels.check_values(np.array([[0.0, 1.0], [np.nan, 1.0]]))
    by_value = dataclasses.replace(pixels, partly_observed=True)
    by_value.check_values(np.array([[0.0, np.nan], [np.nan, np.nan]]))
    np.testing.assert_array_equal(by_value.observed_in(np.array([[0.0, np.nan]])), [[True, False]])
    without = dataclasses.replace(pixels, nan_is_missing=False)
    assert without.observed_in(events) is None
    with pytest.raises(ValueError, match="values from nan to nan"):
        without.check_values(events)


def test_a_label_that_is_missing_need_not_be_one_hot():
    label = Modality("x", (2,), Categorical(), kind="label")
    events = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    label.check_examples(events, np.array([False, True, False]))
    with pytest.raises(ValueError, match=r"one-hot.*\[0.5, 0.5\], example 2"):
        label.check_examples(events, np.array([False, True, True]))


def test_a_modality_is_made_again_from_what_keras_saves():
    config = json.loads(json.dumps(NUMBERS.get_config()))
    assert Modality.from_config(config) == NUMBERS
    for field in ("nan_is_missing", "partly_observed", "log_values"):  # Version 0.4 had none.
        del config[field]
    assert Modality.from_config(config) == dataclasses.replace(NUMBERS, log_values=())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value_names": ()}, "A text has value_names"),
        ({"value_names": ("a", "b", "c")}, "at last the end mark '<end>'"),
        ({"value_names": ("ab", "c", "<end>")}, "single characters"),
        ({"value_names": ("a", "<end>")}, "2 names for event_shape"),
        ({"event_shape": (40_000, 3)}, "at most 65,536 values"),
        ({"event_shape": (9,)}, "a text .length, symbols."),
        ({"partly_observed": True}, "can be partly observed"),
    ],
)
def test_a_text_has_symbols_and_an_end_mark(changes, message):
    fields = {"event_shape": (5, 3), "value_names": ("a", "é", "<end>"), **changes}
    with pytest.raises(ValueError, match=message):
        Modality("x", likelihood=CategoricalSequence(), kind="text", **fields)


def test_a_text_s_likelihood_is_a_sequence_s():
    names = {"kind": "text", "value_names": ("a", "<end>")}
    with pytest.raises(ValueError, match=r"CategoricalSequence.*Received: Categorical\(\)"):
        Modality("x", (5, 2), Categorical(), **names)
    assert Modality("x", (5, 2), CategoricalSequence(), **names).value_names == ("a", "<end>")


@pytest.mark.parametrize("other", ["a_alone", "a_of_a"])
def test_two_terms_of_an_objective_have_two_names(other):
    """Such as log_p_a_of_a, of `a` in the ELBO of `a` by itself."""
    names = ("a", "b", other)
    with pytest.raises(ValueError, match=f"Received: 'a' and '{other}', since log_p_{other} may"):
        check_names({name: Modality(name, (2,), Gaussian()) for name in names})
    check_names({name: Modality(name, (2,), Gaussian()) for name in ("b", other, "b_of_a")})
