"""Shared by the data sets of faces: modalities, attribute names, conversion of stored bytes."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality

OFFICIAL_ATTRIBUTES = tuple(
    """5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose
    Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee
    Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard
    Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair
    Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie
    Young""".split()
)
"""CelebA's 40 attributes, in the order of its list."""

ATTRIBUTE_RANGE = (-3.0, 3.0)
"""Values that a model accepts; data are -1 or 1, the 2018 paper's figures go up to 2."""


def face_modalities(size: int, attribute_names: Sequence[str]) -> dict[str, Modality]:
    """Describes a colour image of `size` x `size` pixels and the attributes of its face.

    Both are Gaussian with variance 1; the image is standardised (2018 paper, "Settings").

    Args:
      size: side of the image in pixels.
      attribute_names: the names of the attributes, in the order of their values.
    """
    return {
        "image": Modality(
            "image",
            (size, size, 3),
            Gaussian(),
            kind="image",
            standardised=True,
            value_range=(0.0, 1.0),
        ),
        "attributes": Modality(
            "attributes",
            (len(attribute_names),),
            Gaussian(),
            kind="attributes",
            value_names=tuple(attribute_names),
            value_range=ATTRIBUTE_RANGE,
        ),
    }


def values_of_faces(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Converts stored images to values in [0, 1]; attributes stay -1 or 1.

    Args:
      stored: "image", uint8 [batch, size, size, 3], red first, and "attributes", int8
        [batch, number of attributes].

    Returns:
      The same as float32.
    """
    return {
        "image": tf.cast(stored["image"], tf.float32) / 255,
        "attributes": tf.cast(stored["attributes"], tf.float32),
    }
