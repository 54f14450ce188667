"""Ranges of attributes, and where yes begins."""

import math

import numpy as np
import pytest

from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.likelihoods import Bernoulli, Gaussian
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
