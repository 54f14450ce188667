"""Runs of digits that are trained in seconds, and a comparison of two runs."""

import numpy as np

from jmvae_tf.training.checkpoints import load_trained
from jmvae_tf.training.run_folder import RunFolder

EPOCHS = 6
# A batch of 8 makes 149 steps per epoch, each a separate execution: epochs are long enough for a
# signal to arrive within one.
STEPS = 149
TINY = (
    "--data=digits",
    "--latent_dim=2",
    "--joint_encoder=(D8R, D8R)",
    "--encoders=image=D8R,label=D8R",
    "--decoders=image=D8R,label=D8R",
    f"--epochs={EPOCHS}",
    "--warmup_epochs=3",
    "--batch_size=8",
    "--checkpoint_every=1",
    "--evaluate_every=1",
    "--nojit_compile",
    "--run=run",
)
FIGURES = {
    "confusion_of_labels_by_image.png",
    "images_by_label.png",
    "labels_by_image.png",
    "latent_map.png",
    "loss_terms.png",
    "nearest_training_images.png",
    "prior_samples.png",
    "reconstructions.png",
    "walk.gif",
}


def newest_variables(folder: RunFolder) -> list[np.ndarray]:
    """Reads weights and the states of all optimisers at the end of a run."""
    model = load_trained(folder.newest_checkpoint(), folder)
    names = ("optimizer", "decoder_optimizer", "discriminator_optimizer")
    parts = [model, *(getattr(model, name) for name in names if hasattr(model, name))]
    return [variable.numpy() for part in parts for variable in part.variables]


def assert_same_run(left: RunFolder, right: RunFolder) -> None:
    """Checks that two runs are equal bit for bit."""
    assert left.history_file.read_text() == right.history_file.read_text()
    variables = zip(newest_variables(left), newest_variables(right), strict=True)
    assert all(np.array_equal(x, y) for x, y in variables)
    assert left.metrics_file.read_text() == right.metrics_file.read_text()
