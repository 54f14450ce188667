"""Tests of the batches that training and evaluation see."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import augment, pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.pipelines import Feed
from jmvae_tf.likelihoods import Bernoulli, Gaussian
from jmvae_tf.modalities import SAMPLE_WEIGHT, Modality, observed_key
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.randomness import root_seed
from jmvae_tf.runtime.replicas import Share

NUM_TRAIN = 11
GREY = np.float32([0.0, 0.3, 0.5, 1.0])
BATCH = 4
STEPS = 2  # 11 examples make two batches of four; three examples are left out.

MODALITIES = {
    "image": Modality("image", (2, 2, 1), Bernoulli(), kind="image"),
    "photo": Modality("photo", (2, 2, 1), Gaussian(1.0), kind="image"),
    # Tells which example a row is.
    "index": Modality("index", (1,), Gaussian(1.0)),
}


def examples(count: int) -> dict[str, np.ndarray]:
    """The same four grey values in every image, stored as hundredths."""
    images = np.tile(np.uint8(np.round(GREY * 100)).reshape(2, 2, 1), (count, 1, 1, 1))
    return {"image": images, "photo": images, "index": np.arange(count)[:, np.newaxis]}


def prepare(stored):
    grey = tf.cast(stored["image"], tf.float32) / 100
    return {"image": grey, "photo": grey, "index": tf.cast(stored["index"], tf.float32)}


@pytest.fixture
def data():
    """Eleven examples to train on, five to validate on, seven to test on."""
    return DataSet(
        "eleven", MODALITIES, examples(NUM_TRAIN), examples(5), examples(7), prepare=prepare
    )


def take(batches: tf.data.Dataset, count: int) -> list[dict[str, np.ndarray]]:
    return list(itertools.islice(batches.as_numpy_iterator(), count))


def epochs_of(data, num_epochs, seed=0, batch_size=BATCH, first_epoch=0):
    """The epochs' batches, joined: modality name to [epochs, examples, ...]."""
    steps = NUM_TRAIN // batch_size
    taken = take(Feed(data, batch_size, seed).training_batches(first_epoch), num_epochs * steps)
    return {
        name: np.stack(
            [
                np.concatenate([batch[name] for batch in taken[start : start + steps]])
                for start in range(0, len(taken), steps)
            ]
        )
        for name in MODALITIES
    }


def assert_equal(left, right):
    """Bit for bit, for batches or lists of batches."""
    tf.nest.map_structure(np.testing.assert_array_equal, left, right)


@pytest.mark.parametrize("batch_size", [1, BATCH, NUM_TRAIN])
def test_no_example_comes_twice_in_an_epoch(data, batch_size):
    indices = epochs_of(data, 20, batch_size=batch_size)["index"][..., 0]
    assert indices.shape == (20, NUM_TRAIN // batch_size * batch_size)
    assert all(len(set(epoch)) == len(epoch) for epoch in indices.tolist())
    assert set(indices.ravel().tolist()) == set(range(NUM_TRAIN)), "none is left out for good"


def test_every_epoch_has_another_order(data):
    orders = epochs_of(data, 20)["index"][..., 0].tolist()
    assert len(set(map(tuple, orders))) == 20


@pytest.mark.parametrize("first_epoch", [1, 3, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_later_start_sees_what_it_would_have_seen(data, first_epoch):
    whole = take(Feed(data, BATCH, seed=7).training_batches(), (first_epoch + 2) * STEPS)
    later = take(Feed(data, BATCH, seed=7).training_batches(first_epoch), 2 * STEPS)
    assert_equal(later, whole[first_epoch * STEPS :])


def test_the_seed_alone_determines_the_batches(data):
    def first(seed):
        # What else draws random numbers in the process has no part in it.
        keras.utils.set_random_seed(seed + 1)
        tf.random.uniform((3,))
        return take(Feed(data, BATCH, seed=seed).training_batches(), 3 * STEPS)

    assert_equal(first(5), first(5))


def test_other_seeds_give_other_orders_and_other_draws(data):
    first, second = (epochs_of(data, 20, seed) for seed in (0, 1))
    assert (first["index"] != second["index"]).any(axis=(1, 2)).all()
    # Once more for the draws alone, on examples that are all alike.
    assert (first["image"] != second["image"]).any(axis=(1, 2, 3, 4)).all()


def test_shapes_and_types(data):
    for batch in take(Feed(data, BATCH).training_batches(), 2 * STEPS):
        assert set(batch) == set(MODALITIES)
        for name, modality in MODALITIES.items():
            assert batch[name].shape == (BATCH, *modality.event_shape)
            assert batch[name].dtype == np.float32
    spec = Feed(data, BATCH).training_batches().element_spec
    # Models are compiled for shapes that are known but for the batch.
    assert spec["image"].shape[1:] == (2, 2, 1)


def test_bernoulli_modalities_are_binary_and_others_stay_grey(data):
    drawn = epochs_of(data, 5)
    assert set(drawn["image"].ravel().tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(
        drawn["photo"].reshape(-1, 4), np.tile(GREY, (5 * BATCH * STEPS, 1))
    )


@pytest.mark.slow
def test_binarisation_is_fresh_and_right_on_average(data):
    num_epochs = 600
    drawn = epochs_of(data, num_epochs, batch_size=NUM_TRAIN)
    order = drawn["index"][..., 0].astype(int)
    # [epochs, examples, pixels], every example in its own place.
    images = np.empty((num_epochs, NUM_TRAIN, 4))
    np.put_along_axis(
        images, order[..., np.newaxis], drawn["image"].reshape(num_epochs, NUM_TRAIN, 4), axis=1
    )
    # A mean of n draws has the standard error sqrt(p (1 - p) / n); the pixels of 0 and 1 have none.
    variance = np.float64(GREY) * (1 - np.float64(GREY))
    assert (
        np.abs(images.mean(axis=0) - GREY) <= 5 * np.sqrt(variance / num_epochs) + 1e-9
    ).all(), "of each example over the epochs"
    assert (
        np.abs(images.mean(axis=(0, 1)) - GREY)
        <= 5 * np.sqrt(variance / num_epochs / NUM_TRAIN) + 1e-9
    ).all(), "of all draws"
    # Two fair coins agree with probability 1/2, whether they are draws of neighbouring epochs, of
    # examples in the same batch or of pixels (0.3 and 0.5 agree with 0.5 too).
    fair = images[..., 2]
    for left, right in (
        (fair[1:], fair[:-1]),
        (fair[:, 1:], fair[:, :-1]),
        (fair, images[..., 1]),
    ):
        agreeing = left == right
        assert abs(agreeing.mean() - 0.5) <= 5 * np.sqrt(0.25 / agreeing.size)


def test_batches_of_an_epoch_have_draws_of_their_own(data):
    # [epochs, steps]: the fair pixel of batches of one.
    fair = epochs_of(data, 100, batch_size=1)["image"].reshape(100, NUM_TRAIN, 4)[..., 2]
    agreeing = fair[:, 1:] == fair[:, :-1]
    assert abs(agreeing.mean() - 0.5) <= 5 * np.sqrt(0.25 / agreeing.size)


def test_batches_larger_than_the_data_are_refused(data):
    message = r"larger than the training set; received --batch_size=12 for 11 examples of eleven"
    with pytest.raises(UserError, match=message):
        Feed(data, NUM_TRAIN + 1)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 11), (4, 2), (5, 2), (6, 1), (11, 1)])
def test_steps_per_epoch(data, batch_size, steps):
    assert Feed(data, batch_size).steps_per_epoch == steps


@pytest.mark.parametrize(("part", "count"), [("validation", 5), ("test", 7)])
def test_evaluation_sees_the_same_at_every_pass_of_every_run(data, part, count):
    batches = Feed(data, BATCH).evaluation_batches(part, batch_size=3)
    first = take(batches, 100)
    assert_equal(take(batches, 100), first)
    keras.utils.set_random_seed(99)  # As a run of another seed does.
    assert_equal(take(Feed(data, BATCH).evaluation_batches(part, batch_size=3), 100), first)
    sizes = [len(batch["image"]) for batch in first]
    assert sizes == [3] * (count // 3) + [count % 3], "the last is shorter"
    indices = np.concatenate([batch["index"] for batch in first]).ravel()
    np.testing.assert_array_equal(indices, np.arange(count))
    assert set(np.concatenate([batch["image"] for batch in first]).ravel()) == {0.0, 1.0}


def test_evaluation_batches_do_not_change_the_draw(data):
    whole = pipelines.whole_part(data, "test")
    for batch_size in (1, 3, 100):
        batches = take(Feed(data, BATCH).evaluation_batches("test", batch_size), 100)
        joined = {name: np.concatenate([batch[name] for batch in batches]) for name in MODALITIES}
        assert_equal(joined, {name: x.numpy() for name, x in whole.items()})


@pytest.mark.parametrize(("part", "count"), [("train", 11), ("validation", 5), ("test", 7)])
def test_whole_part_without_binarisation_is_grey(data, part, count):
    grey = pipelines.whole_part(data, part, binarised=False)
    for name in ("image", "photo"):
        np.testing.assert_array_equal(np.reshape(grey[name], (count, 4)), np.tile(GREY, (count, 1)))
    binary = pipelines.whole_part(data, part)
    assert set(np.ravel(binary["image"])) == {0.0, 1.0}
    np.testing.assert_array_equal(binary["photo"], grey["photo"])


def test_binarise_is_the_same_in_and_outside_of_a_pipeline(rng):
    grey = {
        name: rng.uniform(size=(6, *modality.event_shape)).astype(np.float32)
        for name, modality in MODALITIES.items()
    }
    seeds = tf.stack([root_seed(seed) for seed in range(4)])
    mapped = tf.data.Dataset.from_tensor_slices(seeds).map(
        lambda seed: augment.binarise(
            {name: tf.constant(x) for name, x in grey.items()}, MODALITIES, seed
        ),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    eager = [
        {name: np.asarray(x) for name, x in augment.binarise(grey, MODALITIES, seed).items()}
        for seed in seeds
    ]
    assert_equal(take(mapped, 10), eager)
    assert len({batch["image"].tobytes() for batch in eager}) == 4, "a seed of its own each"


def test_modalities_are_drawn_independently(rng):
    """Two Bernoulli modalities of one shape and one seed do not share their draws."""
    modalities = {name: Modality(name, (1000,), Bernoulli()) for name in ("left", "right")}
    grey = {name: tf.fill((1, 1000), 0.5) for name in modalities}
    drawn = augment.binarise(grey, modalities, root_seed(0))
    agreeing = np.asarray(drawn["left"] == drawn["right"])
    assert abs(agreeing.mean() - 0.5) <= 5 * np.sqrt(0.25 / 1000)


class OnDisk:
    """Examples that are read when they are asked for."""

    def __init__(self, array):
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.largest = 0

    def __len__(self):
        return len(self.array)

    def __getitem__(self, indices):
        assert isinstance(indices, np.ndarray)
        self.largest = max(self.largest, len(indices))
        return self.array[indices]


def test_examples_on_disk_make_the_same_batches_and_are_read_a_batch_at_a_time(data):
    streamed = DataSet(
        "eleven",
        MODALITIES,
        **{
            part: {**getattr(data, part), "image": OnDisk(getattr(data, part)["image"])}
            for part in ("train", "validation", "test")
        },
        prepare=prepare,
    )
    assert_equal(
        take(Feed(streamed, BATCH, seed=5).training_batches(), 7),
        take(Feed(data, BATCH, seed=5).training_batches(), 7),
    )
    assert streamed.train["image"].largest == BATCH
    for part in ("train", "validation", "test"):
        assert_equal(pipelines.whole_part(streamed, part), pipelines.whole_part(data, part))


@pytest.mark.parametrize("replicas", [1, 2])
def test_evaluation_reads_examples_on_disk_a_batch_at_a_time(gaps, replicas):
    modalities = {name: x for name, x in MODALITIES.items() if name != "image"}
    keys = ("photo", "index", HIDDEN, SAMPLE_WEIGHT)

    def data(stored):
        parts = [{key: getattr(gaps, part)[key] for key in keys} for part in ("train", "test")]
        train, test = ({**part, "photo": stored(part["photo"])} for part in parts)

        def photos(stored):
            prepared = prepare({**stored, "image": stored["photo"]})
            return {name: prepared[name] for name in modalities}

        return DataSet("gaps", modalities, train, {}, test, photos)

    streamed, whole = data(OnDisk), data(np.asarray)
    shares = [Share(i, replicas) for i in range(replicas)]
    assert_equal(
        *(
            take(Feed(x, BATCH, replicas=replicas).evaluation_batches("test", 3, shares), 9)
            for x in (streamed, whole)
        )
    )
    assert streamed.test["photo"].largest <= 3


def test_a_part_is_gone_through_in_its_order(data):
    batches = list(pipelines.in_order(data, "train"))
    together = {name: np.concatenate([batch[name] for batch in batches]) for name in MODALITIES}
    assert_equal(together, pipelines.whole_part(data, "train", binarised=False))


def test_the_first_examples_of_a_part_are_asked_for(data):
    whole = pipelines.whole_part(data, "test", binarised=False)
    first = pipelines.whole_part(data, "test", binarised=False, number=3)
    assert_equal(first, {name: x[:3] for name, x in whole.items()})
    assert len(pipelines.whole_part(data, "test", number=100)["index"]) == 7


@pytest.mark.slow
def test_half_of_the_images_are_mirrored_and_nothing_else(data):
    taken = take(Feed(data, 1, seed=2, flips=True).training_batches(), 400)
    plain = take(Feed(data, 1, seed=2).training_batches(), 400)
    photo = plain[0]["photo"]
    mirrored = [np.array_equal(batch["photo"], photo[:, :, ::-1]) for batch in taken]
    unchanged = [np.array_equal(batch["photo"], photo) for batch in taken]
    assert all(m != u for m, u in zip(mirrored, unchanged, strict=True))
    assert abs(np.mean(mirrored) - 0.5) < 5 * 0.5 / np.sqrt(400)
    assert_equal([x["index"] for x in taken], [x["index"] for x in plain])
    again = take(Feed(data, 1, seed=2, flips=True).training_batches(11), 20)
    assert_equal(again, taken[11 * 11 : 11 * 11 + 20])


@pytest.mark.slow
@pytest.mark.parametrize(("replicas", "workers"), [(2, 1), (2, 2), (4, 2)])
def test_the_shares_of_all_replicas_are_the_batches(data, replicas, workers):
    """In their order, with the same draws and flips, and read by nobody else."""
    whole = take(Feed(data, BATCH, flips=True).training_batches(), 5)
    feed = Feed(data, BATCH, flips=True, replicas=replicas)
    local = replicas // workers
    parts = []
    for worker in range(workers):
        shares = [Share(x, replicas) for x in range(worker * local, (worker + 1) * local)]
        batches = feed.training_batches(shares=shares)
        parts.append(take(batches, 5 * local))
    for step, batch in enumerate(whole):
        mine = [x for worker in parts for x in worker[step * local : (step + 1) * local]]
        assert_equal({name: np.concatenate([x[name] for x in mine]) for name in batch}, batch)


def test_shares_of_another_number_of_replicas_are_refused(data):
    for replicas, shares in ((1, [Share(0, 2)]), (2, [Share(0, 2), Share(1, 4)]), (2, [Share()])):
        feed = Feed(data, BATCH, replicas=replicas)
        with pytest.raises(ValueError, match=f"those of {replicas} replicas"):
            feed.training_batches(shares=shares)
        with pytest.raises(ValueError, match=f"those of {replicas} replicas"):
            feed.evaluation_batches("test", shares=shares)


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_replicas_evaluate_every_example_once(data, replicas):
    """Seven in batches of at most three, so that parts differ in size."""
    whole = pipelines.whole_part(data, "test")
    feed = Feed(data, 6, replicas=replicas)
    shares = [Share(x, replicas) for x in range(replicas)]
    parts = list(feed.evaluation_batches("test", 3, shares).as_numpy_iterator())
    assert len(parts) == replicas * {1: 3, 2: 3, 3: 2}[replicas], "none is empty"
    sizes = [len(part["index"]) for part in parts]
    assert replicas == 1 or max(sizes) - min(sizes) <= 1
    assert_equal({name: np.concatenate([x[name] for x in parts]) for name in whole}, whole)


def test_more_replicas_than_test_examples_are_refused(data):
    with pytest.raises(UserError, match="Every replica needs examples of the test set"):
        Feed(dataclasses.replace(data, validation={}), 8, replicas=8)


def test_only_the_images_that_are_named_are_mirrored(data):
    both, image = (
        take(Feed(data, BATCH, seed=2, flips=flips).training_batches(), 8)
        for flips in (True, ["photo"])
    )
    plain = take(Feed(data, BATCH, seed=2).training_batches(), 8)
    assert_equal([x["photo"] for x in image], [x["photo"] for x in both])
    assert_equal([x["image"] for x in image], [x["image"] for x in plain])


def test_what_is_mirrored_is_an_image(data):
    with pytest.raises(UserError, match="kind image; received index, and image, photo in eleven"):
        Feed(data, BATCH, flips=["photo", "index"])


# Masks and weights.

HIDDEN = observed_key("index")


@pytest.fixture
def gaps():
    """Examples whose odd indices are not there, with weights that tell the index."""

    def part(count):
        return {
            **examples(count),
            HIDDEN: np.arange(count) % 2 == 0,
            observed_key("photo"): np.arange(count) % 3 == 0,
            SAMPLE_WEIGHT: np.arange(count),
        }

    return DataSet("gaps", {**MODALITIES}, part(NUM_TRAIN), part(5), part(7), prepare)


def assert_masks_fit(batch):
    index = batch["index"][:, 0]
    np.testing.assert_array_equal(batch[HIDDEN], index % 2 == 0)
    np.testing.assert_array_equal(batch[observed_key("photo")], index % 3 == 0)
    assert batch[HIDDEN].dtype == bool


def test_masks_and_weights_follow_the_rows(gaps):
    feed = Feed(gaps, BATCH, flips=True)
    for batch in take(feed.training_batches(), 3 * STEPS):
        assert_masks_fit(batch)
        np.testing.assert_array_equal(batch[SAMPLE_WEIGHT], batch["index"][:, 0])
        assert batch[SAMPLE_WEIGHT].dtype == np.float32
    rows = []
    for batch in take(feed.evaluation_batches("validation", 2), 3):
        assert_masks_fit(batch)
        rows += batch[SAMPLE_WEIGHT].tolist()
    assert rows == [0, 1, 2, 3, 4]


def test_masks_do_not_change_what_is_drawn(gaps, data):
    keys = set(MODALITIES)
    for other, batch in zip(
        take(Feed(gaps, BATCH, 3).training_batches(), 5),
        take(Feed(data, BATCH, 3).training_batches(), 5),
        strict=True,
    ):
        assert set(batch) == keys
        assert_equal({name: other[name] for name in keys}, batch)


def test_evaluation_gets_masks_but_no_weights(gaps):
    for part in (
        pipelines.whole_part(gaps, "test", number=4),
        *pipelines.in_order(gaps, "train"),
        *pipelines.for_evaluation(gaps, 5),
    ):
        assert SAMPLE_WEIGHT not in part
        assert_masks_fit({name: x.numpy() for name, x in part.items()})


def test_replicas_share_masks(gaps):
    feed = Feed(gaps, BATCH, replicas=2)
    shares = [Share(0, 2), Share(1, 2)]
    whole = take(Feed(gaps, BATCH).training_batches(), STEPS)
    parts = take(feed.training_batches(shares=shares), 2 * STEPS)
    for place, batch in enumerate(whole):
        both = [np.concatenate([x[HIDDEN] for x in parts[2 * place : 2 * place + 2]])]
        np.testing.assert_array_equal(both[0], batch[HIDDEN])
