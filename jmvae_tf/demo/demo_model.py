"""Gets arrays from an exported model for the page; independent of the page's layout."""

import numpy as np

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.export_format.value_names import names_or_numbers


class DemoModel:
    """The part of a model that the tabs to draw, edit and walk are about.

    It is the only image, with the only label or set of attributes, if there is one.

    Attributes:
      export: the exported model.
      image: the modality that is an image.
      other: the label or the attributes; None if the model has neither.

    Args:
      export: an exported model.
      image: see above.
      other: see above.
    """

    def __init__(
        self, export: LoadedExport, image: DescribedModality, other: DescribedModality | None
    ) -> None:
        self.export = export
        self.image = image
        self.other = other

    @classmethod
    def of(cls, export: LoadedExport) -> "DemoModel | None":
        """Returns that part of a model; None if it has several images, or none of the tabs."""
        modalities = export.modalities.values()
        images = [x for x in modalities if x.kind == "image"]
        others = [x for x in modalities if x.kind in ("label", "attributes")]
        if len(images) != 1 or len(others) > 1:
            return None
        model = cls(export, images[0], others[0] if others else None)
        return model if any(map(model.can, ("draw", "read", "rebuild"))) else None

    @property
    def _names(self) -> tuple[str, str]:
        """The names of the image and of the other modality."""
        return self.image.name, self.other.name if self.other else ""

    @property
    def no_and_yes(self) -> tuple[float, float]:
        """The values of an absent and of a present attribute."""
        return self.other.no_and_yes if self.other else (-1.0, 1.0)

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value of an attribute that can be chosen."""
        support = self.other.support if self.other else (0.0, 1.0)
        no, yes = self.no_and_yes
        return support if np.isfinite(support).all() else (2 * no - yes, 2 * yes - no)

    @property
    def is_of_labels(self) -> bool:
        """Whether the other modality is a label."""
        return self.other is not None and self.other.kind == "label"

    @property
    def value_names(self) -> list[str]:
        """The names of the other modality's values; their numbers if they have no names."""
        if self.other is None:
            return []
        return list(names_or_numbers(self.other))

    def can(self, what: str) -> bool:
        """Tells whether the model can do something with its image and the other modality.

        Args:
          what: "draw", "read", "edit", "redraw", "rebuild", "embed" or "decode".
        """
        image, other = self._names
        read = signature_names.to_generate([image], other)
        wanted = {
            "draw": {
                signature_names.to_generate([other], image),
                signature_names.to_sample([other], image),
            },
            "read": {read},
            "edit": {signature_names.to_edit(image), read},
            "redraw": {signature_names.to_redraw(image), read},
            "rebuild": {signature_names.to_reconstruct(image)},
            "embed": {signature_names.to_embed()},
            "decode": {signature_names.to_decode(image)},
        }
        return wanted[what] <= self.export.signatures.keys()

    def has(self, values: np.ndarray) -> np.ndarray:
        """Tells which attributes are present in values, bool [..., values]."""
        return values > (self.other.threshold if self.other else 0.0)

    def usual_values(self) -> np.ndarray:
        """Returns the other modality's initial values: attributes' means, or the first class."""
        if self.other is None:
            raise ValueError("This model has images only.")
        if self.other.kind == "attributes":
            middle = np.full(self.other.event_shape, self.other.threshold)
            return np.asarray(self.other.means or middle, np.float32)
        return one_hot(0, *self.other.event_shape)

    def average(self, values: np.ndarray) -> np.ndarray:
        """Returns average images, [batch, height, width, channels], for values [batch, values]."""
        image, other = self._names
        return self.export(signature_names.to_generate([other], image), **{other: values})[image]

    def samples(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Samples images, [batch, height, width, channels].

        Args:
          values: [batch, values].
          seeds: whole numbers, [batch].
        """
        image, other = self._names
        inputs = {other: values, signature_names.SEED: (seeds % 2**31).astype(np.int32)}
        return self.export(signature_names.to_sample([other], image), **inputs)[image]

    def read(self, images: np.ndarray) -> np.ndarray:
        """Predicts values, [batch, values], of images [batch, height, width, channels]."""
        name, other = self._names
        return self.export(signature_names.to_generate([name], other), **{name: images})[other]

    def edit(self, image: np.ndarray, values: np.ndarray, redraws: bool = False) -> np.ndarray:
        """Edits an image [height, width, channels] to have other values, [values].

        Args:
          image: the image.
          values: the values.
          redraws: whether to draw the whole image again instead of changing its pixels.
        """
        name, other = self._names
        inputs = {name: image[np.newaxis], other: np.clip(values, *self.limits)[np.newaxis]}
        named = signature_names.to_redraw if redraws else signature_names.to_edit
        return self.export(named(name), **inputs)[name][0]

    def rebuild(self, image: np.ndarray) -> np.ndarray:
        """Reconstructs an image [height, width, channels]."""
        name, _ = self._names
        inputs = {name: image[np.newaxis]}
        return self.export(signature_names.to_reconstruct(name), **inputs)[name][0]

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Returns the means of q(z|image), [batch, latent_dim]."""
        embedded = self.export(signature_names.to_embed(), **{self.image.name: images})
        return embedded[signature_names.MEAN]

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Returns images, [batch, height, width, channels], at latent values, [batch, latent]."""
        name, _ = self._names
        return self.export(signature_names.to_decode(name), **{signature_names.LATENT: z})[name]
