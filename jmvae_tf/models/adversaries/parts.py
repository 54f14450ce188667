"""What `--adversary` is made of: a loss and parts beside it, as a text such as "hinge+spectral".

This module does not need TensorFlow, so that programs can check their flags at once.
"""

import dataclasses
import difflib

from jmvae_tf.runtime.errors import UserError

ORIGINAL = "original"
"""The authors' adversary, with which the papers' models are reproduced."""

LOSS_TEXTS = {
    ORIGINAL: "the authors' cross-entropy, against reconstructions and images from the prior",
    "non_saturating": "cross-entropy, against reconstructions and images from the other modalities",
    "hinge": "the hinge loss, against the same two kinds of images",
}
"""The losses, with what `--help` says of each."""

PART_TEXTS = {
    "r1": "a penalty on the discriminator's slopes at real images",
    "zero_centred": "that penalty at real and at generated images",
    "spectral": "layers of the discriminator whose largest singular value is 1",
    "projection": "a discriminator that also sees the other modalities",
    "similarity": "reconstructions that are also like the image in a layer of the discriminator",
    "shifts": "images that are moved by some pixels before the discriminator sees them",
    "balanced": "a generator's loss that pulls as hard as the reconstruction, times its weight",
}
"""The parts that can be added to a loss."""

_JOINED_BY = "+"


@dataclasses.dataclass(frozen=True)
class Adversary:
    """What a decoder is trained against.

    Attributes:
      loss: one of `LOSS_TEXTS`.
      parts: some of `PART_TEXTS`.
    """

    loss: str
    parts: frozenset[str]

    def check_run(
        self,
        model: str,
        has_others: bool,
        has_prior: bool,
        adversary_after: int | None,
        patience: int,
    ) -> None:
        """Refuses settings that do not go together.

        Args:
          model: its value of `--model`.
          has_others: whether it has other modalities than the image.
          has_prior: whether it has a p(z).
          adversary_after: the epochs without the discriminator.
          patience: the epochs without a better bound that end a training.

        Raises:
          UserError: if so.
        """
        if self.is_original and not has_prior:
            raise UserError(
                f"{ORIGINAL} shows the discriminator images from the prior, and {model} has none",
                f"--adversary={_JOINED_BY.join([self.loss, *sorted(self.parts)])}",
                f"choose {' or '.join(x for x in LOSS_TEXTS if x != ORIGINAL)}",
            )
        if "projection" in self.parts and not has_others:
            raise UserError(
                f"projection shows the discriminator other modalities, and {model} has none",
                f"--adversary={_JOINED_BY.join([self.loss, *sorted(self.parts)])}",
                "leave projection out",
            )
        if patience and adversary_after:
            raise UserError(
                "--patience watches the bound, which a discriminator lowers",
                f"--patience={patience} --adversary_after={adversary_after}",
                "choose --patience=0",
            )

    @property
    def is_original(self) -> bool:
        """Whether loss, fakes and the discriminator's view of images are the authors'."""
        return self.loss == ORIGINAL

    @property
    def penalised(self) -> tuple[str, ...]:
        """The images at which the discriminator's slopes are penalised, "real" and "fake"."""
        if "zero_centred" in self.parts:
            return "real", "fake"
        return ("real",) if "r1" in self.parts else ()


def adversary_of(text: str) -> Adversary:
    """Reads an adversary.

    Args:
      text: one of `LOSS_TEXTS`, perhaps followed by some of `PART_TEXTS`, joined by "+".

    Raises:
      UserError: if a name is unknown or given twice, or a loss is missing.
    """
    if not isinstance(text, str):
        raise UserError("--adversary is a text", f"a {type(text).__name__}", "see bin/train --help")
    loss, *parts = (name.strip() for name in text.split(_JOINED_BY))
    rule = (
        f"--adversary is {' or '.join(LOSS_TEXTS)}, then any of {', '.join(PART_TEXTS)}, "
        f"each once and joined by {_JOINED_BY}"
    )
    for name, choices in [(loss, LOSS_TEXTS), *((part, PART_TEXTS) for part in parts)]:
        if name not in choices:
            near = difflib.get_close_matches(name, list(choices), 1)
            remedy = f"did you mean {near[0]}?" if near else "choose among them"
            raise UserError(rule, f"{name} in --adversary={text}", remedy)
    if len(set(parts)) < len(parts):
        raise UserError(rule, f"--adversary={text}", "name each part once")
    return Adversary(loss, frozenset(parts))
