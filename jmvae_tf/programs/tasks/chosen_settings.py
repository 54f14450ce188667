"""Says which settings the size of a user's own data gave a run, and which flags change them."""

from collections.abc import Mapping

from jmvae_tf.settings import Settings


def as_text(settings: Settings, num_train: int) -> str:
    """Returns a few lines about networks, weights and the length of the training.

    Args:
      settings: the settings of a run on a user's own data.
      num_train: the number of training examples.
    """
    steps = num_train // settings.batch_size
    lines = [
        f"{settings.model} with {settings.latent_dim} values of z (--model, --latent_dim)",
        "likelihood weights by size of event: "
        + ", ".join(f"{name} {x:.3g}" for name, x in settings.likelihood_weights.items())
        + " (--likelihood_weights)",
        "encoders: " + _listed(settings.encoders or {}) + " (--encoders)",
        "decoders: " + _listed(settings.decoders) + " (--decoders)",
        f"{settings.epochs} epochs of {steps} batches of {settings.batch_size}, learning rate "
        f"{settings.learning_rate:g} (--epochs, --batch_size, --learning_rate)",
    ]
    if not settings.encoders:
        lines[2] = f"joint encoder: {settings.joint_encoder} (--joint_encoder)"
    if settings.decay_epochs:
        lines.append(
            f"the rate falls along half a cosine within {settings.decay_epochs} epochs "
            "(--decay_epochs)"
        )
    if settings.ema_momentum:
        lines.append(
            f"weights are averaged with momentum {settings.ema_momentum:g} (--ema_momentum)"
        )
    if settings.patience:
        lines.append(
            f"training ends after {settings.patience} epochs without a better bound on the "
            "validation set (--patience)"
        )
    if settings.evaluate_every > 1:
        lines.append(
            f"the objective is measured after every {settings.evaluate_every} epochs "
            "(--evaluate_every)"
        )
    return "\n".join(lines)


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
