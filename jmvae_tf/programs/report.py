"""What a run leaves besides its weights: figures of merit, pictures and a SavedModel."""

import numpy as np
import tensorflow as tf

from jmvae_tf import figures
from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation import coherence
from jmvae_tf.evaluation.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.estimate import Estimate, estimate
from jmvae_tf.files import write_json
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.training.run_folder import RunFolder

NUM_SAMPLES = 10  # 2018 paper, "Evaluation method": N = 10.
_ROWS_OF_SAMPLES = 8
_SHOWN = 20


def measure(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Prints the model's figures on the test set and writes them to `metrics.json`."""
    test = pipelines.whole_part(data, "test")
    grey = pipelines.whole_part(data, "test", binarised=False)
    training = pipelines.whole_part(data, "train", binarised=False)
    classifier = coherence.fit_classifier(training["image"], training["label"])
    figures_of_merit: dict[str, Estimate] = {}
    for given, target in (("label", "image"), ("image", "label")):
        scores = conditional_log_likelihoods(model, test, target, [given], NUM_SAMPLES, seed)
        figures_of_merit[f"{given}_to_{target}_eq5"] = estimate(scores)
    figures_of_merit["label_coherence"] = estimate(
        coherence.label_coherence(model, classifier, "label", "image", seed=seed)
    )
    figures_of_merit["classifier_accuracy"] = estimate(
        coherence.classifier_accuracy(classifier, grey["image"], grey["label"])
    )
    figures_of_merit["generated_label_accuracy"] = estimate(
        coherence.generated_label_accuracy(model, grey["image"], grey["label"], "image", "label")
    )
    print(f"\n{data.num_examples('test')} test examples, mean ± standard error")
    for name, description in (
        ("label_to_image_eq5", f"label → image, Eq. 5, N = {NUM_SAMPLES}, nats"),
        ("image_to_label_eq5", f"image → label, Eq. 5, N = {NUM_SAMPLES}, nats"),
        ("label_coherence", "generated images from which the asked-for label is read"),
        ("classifier_accuracy", "  the same classifier on real test images"),
        ("generated_label_accuracy", "labels generated from grey test images that are right"),
    ):
        print(f"  {description:<56} {figures_of_merit[name]}")
    print(flush=True)
    write_json(
        folder.metrics_file,
        {"num_samples": NUM_SAMPLES, "seed": seed}
        | {name: figure._asdict() for name, figure in figures_of_merit.items()},
    )


def picture(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws what the model learned into the run's `figures/`."""
    names = model.modalities["label"].value_names
    labels = tf.eye(len(names))
    grey = {
        name: x[:_SHOWN] for name, x in pipelines.whole_part(data, "test", binarised=False).items()
    }
    average = model.generate("image", {"label": labels}, seed=seed)
    samples = model.generate("image", {"label": labels}, _ROWS_OF_SAMPLES, seed)
    figures.image_grid(
        folder.figures / "images_by_label.png",
        np.concatenate([average[np.newaxis], samples]),
        "Images generated from labels",
        names,
        ["average", *[f"sample {row + 1}" for row in range(_ROWS_OF_SAMPLES)]],
    )
    figures.labels_by_image(
        folder.figures / "labels_by_image.png",
        grey["image"].numpy(),
        model.generate("label", {"image": grey["image"]}, seed=seed).numpy(),
        names,
    )
    figures.image_grid(
        folder.figures / "reconstructions.png",
        np.stack([grey["image"], model.reconstruct(grey)["image"]]),
        "Test images and their reconstructions from image and label",
        row_names=["test", "reconstructed"],
    )
    prior = model.generate("image", num_samples=100, seed=seed).numpy()
    figures.image_grid(
        folder.figures / "prior_samples.png",
        prior.reshape(10, 10, *prior.shape[1:]),
        "Images at z drawn from the prior",
    )
    figures.loss_terms(folder.figures / "loss_terms.png", folder.read_history())
