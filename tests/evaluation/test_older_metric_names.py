"""Metrics in files of earlier versions are found under today's names."""

from jmvae_tf.evaluation.older_metric_names import with_current_names


def test_names_with_the_number_of_an_equation_are_todays():
    old = {
        "bound": 1,
        "label_to_image_eq5": 2,
        "image_to_label_eq6": 3,
        "attributes_to_image_eq5_weighted": 4,
        "notes": ["a_eq5"],
    }
    assert with_current_names(old) == {
        "bound": 1,
        "label_to_image_log_likelihood": 2,
        "image_to_label_log_likelihood": 3,
        "attributes_to_image_log_likelihood_weighted": 4,
        "notes": ["a_eq5"],
    }


def test_todays_names_and_those_that_only_look_old_stay():
    names = ("label_to_image_log_likelihood", "image_eq5_to_label_log_mean_exp", "active_eq7")
    assert list(with_current_names(dict.fromkeys(names, 0))) == list(names)
