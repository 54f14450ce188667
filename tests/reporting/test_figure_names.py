"""Figures have the names of modalities, and none overwrites another."""

from jmvae_tf.models.base import Direction
from jmvae_tf.reporting.figure_names import (
    file_names,
    listed,
    stem_of_direction,
    stems_of_images,
)


def test_names_of_modalities_make_names_of_figures():
    assert stem_of_direction(Direction(("label",), "image")) == "images_by_label"
    assert stem_of_direction(Direction(("image",), "attributes")) == "attributes_by_image"
    assert stem_of_direction(Direction(("sex", "age"), "face")) == "faces_by_sex_and_age"


def test_only_several_images_are_named():
    assert stems_of_images("prior_samples", ["photo"]) == ["prior_samples"]
    assert stems_of_images("prior_samples", ["a", "b"]) == [
        "prior_samples_of_a",
        "prior_samples_of_b",
    ]


def test_no_figure_overwrites_another():
    [[first, second], [third, fourth]] = file_names(["a_by_b", "A_by_b"], ["a_by_b", "c" * 400])
    assert [first, second, third] == ["a_by_b.png", "A_by_b_2.png", "a_by_b_3.png"]
    assert fourth == "c" * 200 + ".png"


def test_later_figures_do_not_change_the_names_of_earlier_ones():
    alone = file_names(["x", "X"])
    assert file_names(["x", "X"], ["x_2"])[:1] == alone


def test_figures_are_called_by_plurals_where_a_name_is_one_word():
    names = ("photo", "species", "beach", "box", "city", "day", "number_written", "label2")
    assert [stem_of_direction(Direction(("x",), name)) for name in names] == [
        "photos_by_x",
        "species_by_x",
        "beaches_by_x",
        "boxes_by_x",
        "cities_by_x",
        "days_by_x",
        "number_written_by_x",
        "label2_by_x",
    ]


def test_names_are_listed():
    assert listed(["image"]) == "image"
    assert listed(["image", "label"]) == "image and label"
    assert listed(["image", "label", "traits"]) == "image, label and traits"
