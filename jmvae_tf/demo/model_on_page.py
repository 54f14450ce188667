"""A model of an image, and of a label or attributes, as the tabs of the page share it."""

import re
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.cloud import Cloud, cloud_of
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.exclusive import exclusive_pairs
from jmvae_tf.demo.link import LinkedState, query_of
from jmvae_tf.demo.page_controls import opened_image, upload_controls
from jmvae_tf.demo.pictures import for_screen, save_picture
from jmvae_tf.demo.plain_words import words_of
from jmvae_tf.export_format.one_hot import one_hot

FIRST_SEED = 25
"""The seed of the picture that the page opens on: of the shipped models, a smile and a clear 9."""


class ModelOnPage:
    """A model, and what the page knows of it.

    Attributes:
      model: the model.
      name: the name of the export.
      crops_faces: whether to find and crop faces in photographs by default.
      cloud: examples.
      pairs: which attributes exclude each other, bool [values, values].

    Args:
      model: the model.
      name: the name of the export, for files.
      crops_faces: see above.
      path: the path of its page, below that of the first page.
    """

    def __init__(self, model: DemoModel, name: str, crops_faces: bool, path: str) -> None:
        self.model = model
        self.name = re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)
        self.crops_faces = crops_faces
        self._path = path
        self.cloud: Cloud = cloud_of(model)
        excludes = model.other is not None and model.other.kind == "attributes"
        self.pairs = exclusive_pairs(self.model.has(self.cloud.values) & excludes)

    @property
    def has_map(self) -> bool:
        """Whether there are examples in the latent space, and pictures to show of it."""
        can_show = self.cloud.drawn_for is not None or self.model.can("decode")
        return self.cloud.latent.shape[1] > 0 and can_show

    def example(self, number: int) -> np.ndarray:
        """Returns the values of an example as certain ones, float32 [values].

        Args:
          number: any whole number from 0.
        """
        known = self.cloud.values
        values = known[number % len(known)] if known.size else self.model.usual_values()
        if self.model.is_of_labels:
            return one_hot(int(values.argmax()), len(values))
        no, yes = self.model.no_and_yes
        return np.where(self.model.has(values), yes, no).astype(np.float32)

    def drawn(self, values: np.ndarray, seed: int) -> np.ndarray:
        """Samples an image, [height, width, channels], for values [values]."""
        return self.model.samples(values[np.newaxis], np.array([seed]))[0]

    def shown(self, image: np.ndarray) -> np.ndarray:
        """Enlarges an image; see `pictures.for_screen`."""
        return for_screen(image, self.model.image)

    def link(self, state: LinkedState) -> str:
        """Returns a link to a picture, relative to the first page as all links of a page are."""
        return f"./{self._path}{query_of(state)}"

    def saved(self, image: np.ndarray, state: LinkedState) -> str:
        """Saves an image with its settings; returns the path of the file."""
        about = f"{self.name} {query_of(state)}"
        name = f"{self.name}-{state.seed}"
        return save_picture(image, self.model.image, name, about)

    def upload_controls(self) -> tuple[Any, Any]:
        """Makes the controls to upload an image; see `page_controls.upload_controls`."""
        image = self.model.image
        title = f"A JPEG or PNG file of the {words_of(image.name).lower()}"
        return upload_controls(image, self.crops_faces, title)

    def opened(self, path: str | None, crops: bool) -> np.ndarray | None:
        """Reads an uploaded image, and says what is wrong with it; see `opened_image`."""
        image = opened_image(self.model.image, path, crops)
        return None if image is None else self.checked(image)

    def checked(self, image: np.ndarray) -> np.ndarray:
        """Compares an image of a user with those in training, says so, and inverts it if need be.

        Returns:
          The image, [height, width, channels].
        """
        values, notes = self.model.export.check_image(self.model.image.name, image)
        for note in notes:
            gr.Info(f"{note[:1].upper()}{note[1:]}.", title="Please note")
        return values
