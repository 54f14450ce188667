"""Builds the names of signatures, inputs and outputs from the names of modalities.

They are built only here. The names within one model must be distinct.
"""

import collections
import itertools
import keyword
import re
from collections.abc import Collection, Sequence
from typing import Any

RESERVED = ("prior", "sample_weight", "seed", "self", "z")
"""Names that no modality may have, since terms, inputs or batches have them."""

MODALITY_NAMES = (
    f"an identifier other than {', '.join(map(repr, RESERVED))}, for it becomes part of the names "
    "of terms, inputs and signatures: at most 64 of a to z, digits and underscores, a letter "
    "first, no word of Python's such as 'class', and not ending in '_bytes'"
)
"""The names that a modality may have, for messages."""

_MODALITY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

SEED = "seed"
"""The input of signatures that sample: one seed per example."""

LATENT = "z"
"""The input of signatures that decode: values of the latent variable."""

MOST_WITH_ALL_SUBSETS = 4
"""Modalities of which every subset can be given; more would make too many signatures."""

MEAN, STDDEV = "mean", "stddev"
"""The outputs of signatures that embed: moments of q(z|given)."""

POSTERIOR = "posterior"
"""The signature that embeds examples with gaps."""

_FILES = "_bytes"  # TensorFlow Serving's REST interface sends names with this suffix as base64.


def directions_of(
    modalities: Sequence[str], conditions: Sequence[str] = ()
) -> list[tuple[tuple[str, ...], str]]:
    """Lists which modalities an export generates from which: the given names and the target.

    Of up to four modalities, every subset of the others can be given; of more, each single one and
    all others together. A model with conditions needs all of them.

    Args:
      modalities: all names, in the model's order, which names of signatures keep.
      conditions: the names that must always be given and are never generated.

    Returns:
      The pairs of single modalities first, then larger subsets by size.
    """
    if conditions:
        return [(tuple(conditions), name) for name in modalities if name not in conditions]
    others = len(modalities) - 1
    every = len(modalities) <= MOST_WITH_ALL_SUBSETS
    sizes = range(1, others + 1) if every else (1, others)
    return [
        (given, target)
        for size in sizes
        for given in itertools.combinations(modalities, size)
        for target in modalities
        if target not in given
    ]


def can_name_modality(name: Any) -> bool:
    """Tells whether a modality can have this name."""
    return (
        isinstance(name, str)
        and _MODALITY_NAME.fullmatch(name) is not None
        and not keyword.iskeyword(name)
        and name not in RESERVED
        and not holds_files(name)
    )


def to_generate(given: Sequence[str], target: str) -> str:
    """Names the signature that generates a modality from others, e.g. "label_to_image"."""
    return f"{'_'.join(given)}_to_{target}"


def to_generate_from_files(given: Sequence[str], images: Collection[str], target: str) -> str:
    """Names the signature that takes files of those given modalities that are images."""
    return to_generate([f"encoded_{x}" if x in images else x for x in given], target)


def to_generate_files(given: Sequence[str], target: str) -> str:
    """Names the signature that returns image files instead of values."""
    return to_generate(given, f"encoded_{target}")


def to_sample(given: Sequence[str], target: str) -> str:
    """Names the signature that samples with seeds."""
    return f"{of_modality('sample', target)}_from_{'_'.join(given)}"


def to_sample_from_nothing(target: str) -> str:
    """Names the signature that samples with seeds from nothing else, e.g. "sample_image"."""
    return of_modality("sample", target)


def to_edit(target: str, condition: str | None = None) -> str:
    """Names the signature that edits an image; pass the condition if there are several."""
    return of_modality("edit", target) + (f"_by_{condition}" if condition else "")


def to_redraw(target: str, condition: str | None = None) -> str:
    """Names the signature that draws an image again with other values, like `to_edit`."""
    return of_modality("redraw", target) + (f"_by_{condition}" if condition else "")


def to_decode(target: str) -> str:
    """Names the signature that decodes values of the latent variable, e.g. "decode_image"."""
    return of_modality("decode", target)


def to_embed(modality: str | None = None) -> str:
    """Names the signature that embeds; pass the modality unless it is the only image."""
    return of_modality("embed", modality)


def to_complete(target: str) -> str:
    """Names the signature that draws a modality from examples with gaps."""
    return of_modality("complete", target)


def drawn_tensor(target: str) -> str:
    """Names the output with samples of a modality, beside the means of its likelihood."""
    return f"{target}/drawn"


def to_reconstruct(modality: str) -> str:
    """Names the signature that reconstructs the only modality of a model."""
    return of_modality("reconstruct", modality)


def of_modality(verb: str, modality: str | None = None) -> str:
    """Names a signature with one operation on one modality; None if there is only one choice."""
    return f"{verb}_{modality}" if modality else verb


def file_tensor(modality: str) -> str:
    """Names the input or output with image files of a modality."""
    return f"{modality}{_FILES}"


def holds_files(tensor: str) -> bool:
    """Tells whether an input or output contains image files instead of numbers."""
    return tensor.endswith(_FILES)


def modality_of(tensor: str) -> str:
    """Names the modality of an input or output, which may be values or files."""
    return tensor.removesuffix(_FILES)


def is_moment(signature: str, tensor: str) -> bool:
    """Tells whether an output is a moment of q(z|given), whatever modalities are named."""
    embeds = signature == POSTERIOR or signature.startswith(to_embed())
    return tensor in (MEAN, STDDEV) and embeds


def collision(
    modalities: Sequence[str], images: Collection[str], conditions: Sequence[str] = ()
) -> str | None:
    """Finds two signatures that would have the same name.

    Args:
      modalities: all names, in the model's order.
      images: the names of the images.
      conditions: the names that must always be given and are never generated.

    Returns:
      The name and what these possible signatures of such a model do, for messages; None if all
      names are distinct.
    """
    uses = collections.defaultdict(list)
    for name in modalities:
        if name not in conditions:
            uses[to_complete(name)].append(f"completes {name}")
    if not conditions:  # Otherwise it neither embeds nor edits.
        for name in modalities:
            uses[to_embed(name)].append(f"embeds {name}")
            uses[to_decode(name)].append(f"decodes {name}")
            uses[to_sample_from_nothing(name)].append(f"samples {name}")
        for image in images:
            for verb, named in (("edits", to_edit), ("draws again", to_redraw)):
                uses[named(image)].append(f"{verb} {image}")
                for other in modalities:
                    if other not in images:
                        uses[named(image, other)].append(f"{verb} {image} by {other}")
    for given, target in directions_of(modalities, conditions):
        use = f"generates {target} from {' and '.join(given)}"
        uses[to_generate(given, target)].append(use)
        if any(name in images for name in given):
            uses[to_generate_from_files(given, images, target)].append(f"{use}, of files")
        if target in images:
            uses[to_generate_files(given, target)].append(f"{use}, as files")
            uses[to_sample(given, target)].append(f"{use}, by samples")
    for name, of_name in uses.items():
        if len(of_name) > 1:
            return f"two signatures called {name!r}: one {', and one '.join(of_name)}"
    return None


def check_distinct(
    modalities: Sequence[str], images: Collection[str], conditions: Sequence[str] = ()
) -> None:
    """Refuses modalities that would give two signatures the same name; see `collision`.

    Raises:
      ValueError: if two possible signatures of such a model would have the same name.
    """
    found = collision(modalities, images, conditions)
    if found:
        raise ValueError(
            "Names of modalities must lead to distinct names of exported signatures, so rename "
            f"one of them. Received: {list(modalities)}, which would give {found}"
        )
