"""The folders of seeds."""

import pathlib

import pytest

from jmvae_tf.reproduction.seed_folders import folders_of_other_seeds, usual_runs_dir


@pytest.mark.parametrize(
    ("scale", "data", "seed", "folder"),
    [
        ("quick", "mnist", 0, "reproduce-quick"),
        ("long", "mnist", 3, "reproduce-long-seed-3"),
        ("quick", "toyfaces", 0, "reproduce-quick-toyfaces"),
        ("quick", "celeba", 12, "reproduce-quick-celeba-seed-12"),
    ],
)
def test_each_seed_has_a_folder(scale, data, seed, folder):
    assert usual_runs_dir(scale, data, seed) == pathlib.Path("runs", folder)


def test_only_folders_of_the_same_scale_and_data_are_other_seeds(tmp_path):
    for name in (
        *("reproduce-quick", "reproduce-quick-seed-2", "reproduce-quick-seed-10"),
        *("reproduce-quick-seed-x", "reproduce-quick-seed-0", "reproduce-quick-old"),
        *("reproduce-long-seed-2", "reproduce-quick-toyfaces", "reproduce-quick-toyfaces-seed-2"),
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "reproduce-quick-seed-3").write_text("no folder")

    def others(name, data="mnist"):
        return [x.name for x in folders_of_other_seeds(tmp_path / name, "quick", data)]

    seeds = ["reproduce-quick-seed-2", "reproduce-quick-seed-10"]
    assert others("reproduce-quick") == seeds
    assert others("reproduce-quick-seed-2") == ["reproduce-quick", seeds[1]]
    assert others("reproduce-quick-seed-1") == ["reproduce-quick", *seeds]
    assert others("reproduce-quick-toyfaces", "toyfaces") == ["reproduce-quick-toyfaces-seed-2"]
    assert others("of-my-own") == []
    assert folders_of_other_seeds(tmp_path / "none" / "reproduce-quick", "quick", "mnist") == []
