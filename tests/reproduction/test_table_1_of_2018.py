"""Table 1 of the 2018 paper."""

import pytest

from jmvae_tf.reproduction import paper_table, tables
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import SCALES
from tests.helpers.reproductions import answer, runs_in

QUICK_FACES = SCALES["quick"]["celeba"]
RUNS_OF = {"JMVAE": "jmvae", "JMVAE-kl": "jmvae_kl", "JMVAE-h": "jmvae_h"}
ONE_WAY = {"CVAE": "cvae", "CMMA": "cmma"}


@pytest.mark.usefixtures("_answers")
def test_table_1_of_2018_has_paper_and_ours_side_by_side(tmp_path):
    table = tables.make_table("2018-1-mnist", runs_in(tmp_path))
    to_image, to_label = table.parts
    paper = {
        "JMVAE": (-977.2, -0.2361),
        "JMVAE-kl": (-422.4, -0.2628),
        "JMVAE-h": (-552.2, -3.589),
        "CVAE": (-448.8, -5.293),
        "CMMA": (-451.1, -0.2971),
    }
    assert list(to_image.rows) == list(to_label.rows) == list(paper)
    for row, (image_number, label_number) in paper.items():
        run = RUNS_OF.get(row) or f"{ONE_WAY[row]}-image"
        assert to_image.rows[row] == [
            image_number,
            *(
                answer(run, name)
                for name in (
                    "label_to_image_log_likelihood",
                    "label_to_image_log_mean_exp",
                    "label_coherence",
                    "label_diversity",
                )
            ),
        ]
        run = RUNS_OF.get(row) or f"{ONE_WAY[row]}-label"
        assert to_label.rows[row] == [
            label_number,
            *(
                answer(run, name)
                for name in (
                    "image_to_label_log_likelihood",
                    "image_to_label_log_mean_exp",
                    "generated_label_accuracy",
                )
            ),
        ]
    text = paper_table.table_as_text(table)
    assert paper_table.shown(answer("jmvae", "classifier_accuracy")) in text
    assert "2 epochs, warm-up of 1, seed 0; paper: mnist, 2000 epochs, warm-up of 200" in text


@pytest.mark.usefixtures("_answers_of_faces")
def test_table_1_of_2018_on_celeba(tmp_path):
    table = tables.make_table("2018-1-celeba", Runs(tmp_path, QUICK_FACES, data_name="celeba"))
    to_image, to_attributes = table.parts
    assert to_image.columns[:3] == ("paper", "ours, weighted", "ours, density")
    paper = {
        "JMVAE": (-48763, -43.97),
        "JMVAE-kl": (-6852, -44.13),
        "JMVAE-h": (-7355, -47.61),
        "CVAE": (-6825, -44.28),
        "CMMA": (-6920, -44.57),
    }
    assert list(to_image.rows) == list(to_attributes.rows) == list(paper)
    for row, (of_image, of_attributes) in paper.items():
        run = RUNS_OF.get(row) or f"{ONE_WAY[row]}-image"
        direction = "attributes_to_image"
        assert to_image.rows[row] == [
            of_image,
            *(
                answer(run, f"{direction}_{name}")
                for name in (
                    "log_likelihood_weighted",
                    "log_likelihood",
                    "log_mean_exp",
                    "coherence",
                    "coherence_worst",
                    "diversity",
                )
            ),
        ]
        run = RUNS_OF.get(row) or f"{ONE_WAY[row]}-attributes"
        direction = "image_to_attributes"
        assert to_attributes.rows[row] == [
            of_attributes,
            *(
                answer(run, f"{direction}_{name}")
                for name in (
                    "log_likelihood",
                    "log_mean_exp",
                    "accuracy",
                    "majority_accuracy",
                    "balanced_accuracy",
                )
            ),
        ]
    text = paper_table.table_as_text(table)
    assert "the first 500 test examples" in " ".join(text.split())
    assert (
        "ours: celeba (--split=official), 12 epochs, warm-up of 2, seed 0; paper: celeba, 50 "
        "epochs, warm-up of 20"
    ) in table.notes


@pytest.mark.usefixtures("_answers_of_faces", "_toyfaces")
def test_table_1_of_2018_on_other_faces_has_no_numbers_of_the_paper(tmp_path):
    runs = Runs(tmp_path, SCALES["quick"]["toyfaces"], data_name="toyfaces")
    table = tables.make_table("2018-1-celeba", runs)
    assert "toyfaces" in table.title
    for section in table.parts:
        assert "paper" not in section.columns
        assert len(section.rows) == 5
        assert {len(cells) for cells in section.rows.values()} == {len(section.columns)}
    assert not any("mean face" in note for note in table.notes)
