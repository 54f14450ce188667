"""Pictures that a run leaves for models of faces; `test_every_model` has those of digits."""

import dataclasses

import cv2
import numpy as np
import pytest

from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import Modality
from jmvae_tf.programs import report
from jmvae_tf.training.run_folder import RunFolder
from tests.small_models import set_sequential_weights, small_model


def small_faces(size: int) -> dict[str, Modality]:
    """The modalities of small faces with three attributes."""
    return faces.modalities(size, ("Bald", "Male", "Smiling"))


@dataclasses.dataclass
class RowsOnDisk:
    """Examples of which only the first twenty may be read."""

    array: np.ndarray

    def __post_init__(self):
        self.shape, self.dtype = self.array.shape, self.array.dtype

    def __len__(self):
        return len(self.array)

    def __getitem__(self, indices):
        assert indices.max() < 20, "pictures show twenty examples"
        return self.array[indices]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 8, 8, 3), np.uint8)
    attributes = rng.choice(np.array([-1, 1], np.int8), (30, 3))
    arrays = {"image": RowsOnDisk(images), "attributes": attributes}
    return DataSet("faces", small_faces(8), arrays, arrays, arrays, faces.prepare)


def _history():
    terms = {name: 1.0 for name in ("bound", "log_p_image", "generator_loss")}
    return [
        {"epoch": epoch}
        | {f"{part}_{term}": value for part in ("train", "test") for term, value in terms.items()}
        for epoch in (1, 2)
    ]


def _pictures(model, data, path):
    folder = RunFolder(path / "run")
    folder.path.mkdir()
    folder.write_history(_history())
    report.picture(model, data, folder, seed=0)
    for picture in folder.figures.glob("*.png"):
        assert cv2.imread(str(picture)).std() > 10, f"something is to be seen in {picture}"
    return {picture.stem for picture in folder.figures.glob("*.png")}


@pytest.mark.parametrize(
    ("name", "target", "drawn"),
    [
        (
            "jmvae_kl",
            None,
            {
                "attributes_by_image",
                "images_by_attributes",
                "loss_terms",
                "prior_samples",
                "reconstructions",
            },
        ),
        pytest.param(
            "cvae",
            "image",
            {"images_by_attributes", "loss_terms", "reconstructions"},
            marks=pytest.mark.slow,
        ),
        ("cmma", "attributes", {"attributes_by_image", "loss_terms"}),
        pytest.param(
            "vae",
            "image",
            {"loss_terms", "prior_samples", "reconstructions"},
            marks=pytest.mark.slow,
        ),
        ("vae", "attributes", {"loss_terms"}),
    ],
)
def test_pictures_of_faces(data, tmp_path, name, target, drawn):
    modalities = small_faces(8)
    if target == "attributes":  # The first is the target.
        modalities = dict(reversed(modalities.items()))
    model = small_model(name, modalities)
    set_sequential_weights(model)
    assert _pictures(model, data, tmp_path) == drawn


def test_each_attribute_is_asked_for_in_turn(data, tmp_path, monkeypatch):
    model = small_model("cvae", small_faces(8))
    set_sequential_weights(model)
    model.statistics["attributes"].set_statistics(np.array([-0.5, 0.0, 0.25]), np.ones(3))
    grids = {}
    monkeypatch.setattr(
        report.figures, "image_grid", lambda path, *what, **named: grids.update({path.stem: what})
    )
    monkeypatch.setattr(report.figures, "loss_terms", lambda path, history: None)
    report.picture(model, data, RunFolder(tmp_path), seed=0)
    images, _, columns, rows, _ = grids["images_by_attributes"]
    assert columns == ["base", "Bald", "Male", "Smiling"]
    assert rows == ["average", "sample 1", "sample 2", "sample 3"]
    asked = np.array([[-0.5, 0, 0.25], [1, 0, 0.25], [-0.5, 1, 0.25], [-0.5, 0, 1]], "f")
    averages = model.generate("image", {"attributes": asked})
    np.testing.assert_allclose(images[0], averages, rtol=1e-4, atol=1e-6)
    assert images.shape == (4, 4, 8, 8, 3)
