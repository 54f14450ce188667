"""Tests of the orders in which rare classes, or complete examples, come more often."""

import numpy as np
import pytest

from jmvae_tf.data import balance
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.pipelines import Feed
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import fold, root_seed

MODALITIES = {
    "species": Modality("species", (4,), Categorical(), kind="label"),
    "index": Modality("index", (1,), Gaussian(1.0)),
}
SPECIES = np.array([0] * 70 + [3] * 4 + [1] * 25 + [0])  # Of class 2 there is none.


def shells(species=SPECIES, **beside) -> DataSet:
    part = {"species": species, "index": np.arange(len(SPECIES))[:, np.newaxis], **beside}
    return DataSet("shells", MODALITIES, part, {}, part, lambda stored: dict(stored))


def orders(data, epochs=1):
    order = balance.order_by(data, "species")
    return [order(fold(root_seed(1), epoch)).numpy() for epoch in range(epochs)]


@pytest.mark.parametrize("species", [SPECIES, np.eye(4)[SPECIES]], ids=["numbers", "one_hot"])
def test_classes_come_equally_often(species):
    for order in orders(shells(species), 3):
        assert order.shape == (100,)
        assert sorted(np.bincount(SPECIES[order], minlength=4).tolist()) == [0, 33, 33, 34]


@pytest.mark.slow
def test_every_example_of_a_class_comes_equally_often():
    drawn = np.bincount(np.concatenate(orders(shells(), 600)), minlength=100)
    # Binomial numbers, whose variance is below their mean.
    for species, number in ((0, 71), (3, 4), (1, 25)):
        mean = 600 * 100 / 3 / number
        assert np.abs(drawn[species == SPECIES] - mean).max() < 5 * np.sqrt(mean)


def test_examples_without_a_label_come_as_often_as_they_are():
    mask = np.arange(100) % 5 != 0
    data = shells(**{observed_key("species"): mask})
    for order in orders(data, 3):
        assert (~mask[order]).sum() == 20
        numbers = np.bincount(SPECIES[order][mask[order]], minlength=4)
        assert sorted(numbers.tolist()) == [0, 26, 27, 27]


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"balanced": "species"}, {"complete_share": 0.5}])
def test_epochs_differ_and_a_later_start_sees_what_it_would_have_seen(how):
    def batches(first_epoch, number):
        feed = Feed(gaps(10), 20, seed=3, **how)
        taken = feed.training_batches(first_epoch).take(number).as_numpy_iterator()
        return np.stack([batch["index"] for batch in taken])

    whole = batches(0, 15)
    assert (whole[:5] != whole[5:10]).any()
    np.testing.assert_array_equal(batches(2, 5), whole[10:])
    np.testing.assert_array_equal(batches(0, 15), whole)


def test_only_training_is_balanced():
    feed = Feed(shells(), 20, balanced="species")
    whole = np.concatenate(
        [x["index"] for x in feed.evaluation_batches("test").as_numpy_iterator()]
    )
    np.testing.assert_array_equal(whole[:, 0], np.arange(100))


@pytest.mark.parametrize("name", ["index", "genus"])
def test_what_is_balanced_is_a_label(name):
    with pytest.raises(UserError, match=f"names a modality of kind label; received {name}, and sp"):
        Feed(shells(), 20, balanced=name)


def gaps(number_complete: int) -> DataSet:
    """Every example has its index; the first ones have their species too."""
    return shells(**{observed_key("species"): np.arange(100) < number_complete})


@pytest.mark.parametrize(
    ("complete", "share", "drawn"), [(5, 0.25, 25), (7, 0.5, 50), (2, 0.75, 40), (1, 1.0, 20)]
)
def test_complete_examples_are_drawn_again_up_to_their_share(complete, share, drawn):
    order = balance.order_with_complete(gaps(complete), share)
    seen = [np.bincount(order(fold(root_seed(1), epoch)), minlength=100) for epoch in range(3)]
    for numbers in seen:
        assert numbers.sum() == 100
        assert numbers[:complete].sum() == drawn  # At most 20 times each.
        assert np.ptp(numbers[:complete]) <= 1
        assert set(numbers[complete:]) == {0, 1}
    assert (seen[0] != seen[1]).any()


def test_all_other_examples_come_equally_often():
    order = balance.order_with_complete(gaps(10), 0.25)
    orders = [order(fold(root_seed(1), epoch)) for epoch in range(400)]
    numbers = np.bincount(np.concatenate(orders), minlength=100)[10:]
    mean = 400 * 75 / 90
    assert np.abs(numbers - mean).max() < 5 * np.sqrt(mean * (1 - 75 / 90))


def test_complete_examples_are_spread_over_an_epoch():
    order = balance.order_with_complete(gaps(10), 0.5)
    orders = np.stack([order(fold(root_seed(1), epoch)) for epoch in range(400)])
    shares = (orders < 10).mean(axis=0)
    assert np.abs(shares - 0.5).max() < 5 * np.sqrt(0.25 / 400)


@pytest.mark.slow
@pytest.mark.parametrize("complete", [0, 25, 80, 100])
def test_examples_come_once_where_none_is_complete_or_enough_are(complete):
    assert balance.order_with_complete(gaps(complete), 0.25) is None
    same, without = (
        Feed(gaps(complete), 20, complete_share=share).training_batches().take(5)
        for share in (0.25, 0.0)
    )
    for one, other in zip(same.as_numpy_iterator(), without.as_numpy_iterator(), strict=True):
        np.testing.assert_array_equal(one["index"], other["index"])


def test_batches_have_complete_examples_again():
    feed = Feed(gaps(5), 20, complete_share=0.25)
    batches = list(feed.training_batches().take(5).as_numpy_iterator())
    index = np.concatenate([batch["index"][:, 0] for batch in batches])
    observed = np.concatenate([batch[observed_key("species")] for batch in batches])
    np.testing.assert_array_equal(observed, index < 5)
    assert observed.sum() == 25


def test_a_label_and_complete_examples_are_not_balanced_together():
    with pytest.raises(UserError, match=r"--balance=species and --complete_share=0\.5; leave one"):
        Feed(gaps(5), 20, balanced="species", complete_share=0.5)
