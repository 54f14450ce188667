"""Gets arrays from an exported model for the page; independent of the page's layout."""

import numpy as np

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.pictures import for_screen
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.export_format.value_ranges import to_values

_MOST_CLOUDS = 20  # Labels in the scatter plot of the latent variable.
_LATENT_SAMPLES = 60  # Per label, in the scatter plot of the latent variable.


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
        """Tells whether the model can "draw", "read", "edit", "rebuild" or "scatter"."""
        image, other = self._names
        signatures = self.export.signatures
        if what == "scatter":
            embeds = signature_names.to_embed() in signatures
            return embeds and self.latent_dim() == 2 and self.can("draw")
        wanted = {
            "draw": {
                signature_names.to_generate([other], image),
                signature_names.to_sample([other], image),
            },
            "read": {signature_names.to_generate([image], other)},
            "edit": {signature_names.to_edit(image), signature_names.to_generate([image], other)},
            "rebuild": {signature_names.to_reconstruct(image)},
        }
        return wanted[what] <= signatures.keys()

    def latent_dim(self) -> int:
        """The number of values of the latent variable."""
        black = np.zeros((1, *self.image.event_shape), np.float32)
        return self.embed(to_values(black, self.image.support)).shape[-1]

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

    def samples(self, values: np.ndarray, seed: int, number: int) -> np.ndarray:
        """Samples images for values [values]; returns [number, height, width, channels]."""
        image, other = self._names
        repeated = np.repeat(values[np.newaxis], number, axis=0)
        seeds = (seed + np.arange(number)) % 2**31
        inputs = {other: repeated, signature_names.SEED: seeds.astype(np.int32)}
        return self.export(signature_names.to_sample([other], image), **inputs)[image]

    def read(self, image: np.ndarray) -> np.ndarray:
        """Predicts the values, [values], of an image [height, width, channels]."""
        name, other = self._names
        inputs = {name: image[np.newaxis]}
        return self.export(signature_names.to_generate([name], other), **inputs)[other][0]

    def edit(self, image: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Edits an image [height, width, channels] to have other values, [values]."""
        name, other = self._names
        inputs = {name: image[np.newaxis], other: np.clip(values, *self.limits)[np.newaxis]}
        return self.export(signature_names.to_edit(name), **inputs)[name][0]

    def rebuild(self, image: np.ndarray) -> np.ndarray:
        """Reconstructs an image [height, width, channels]."""
        name, _ = self._names
        inputs = {name: image[np.newaxis]}
        return self.export(signature_names.to_reconstruct(name), **inputs)[name][0]

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Returns the means of q(z|image), [batch, latent_dim]."""
        embedded = self.export(signature_names.to_embed(), **{self.image.name: images})
        return embedded[signature_names.MEAN]

    def walk(self, start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
        """Returns average images on the straight line between two vectors of values.

        Returns:
          [steps, height, width, channels].
        """
        shares = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, np.newaxis]
        return self.average((1 - shares) * start + shares * end)

    def latent_cloud(self) -> tuple[np.ndarray, np.ndarray]:
        """Places images sampled from each of the first labels in the latent space.

        Returns:
          The means of q(z|image), [points, 2], and the label number of each.
        """
        if self.other is None:
            raise ValueError("This model has images only.")
        [classes] = self.other.event_shape
        shown = min(classes, _MOST_CLOUDS)
        points = []
        for number in range(shown):
            values = one_hot(number, classes)
            if self.other.kind == "attributes":
                yes = self.other.no_and_yes[1]
                values = np.where(values > 0, yes, self.usual_values()).astype(np.float32)
            points.append(self.embed(self.samples(values, 0, _LATENT_SAMPLES)))
        return np.concatenate(points), np.repeat(np.arange(shown), _LATENT_SAMPLES)

    def for_screen(self, image: np.ndarray) -> np.ndarray:
        """Enlarges an image of the model; see `pictures.for_screen`."""
        return for_screen(image, self.image)
