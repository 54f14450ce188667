"""Makes the controls that give a modality, by its kind, and converts their settings to values."""

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.page_controls import live, opened_image, picture_box, upload_controls
from jmvae_tf.demo.pictures import for_screen
from jmvae_tf.demo.plain_words import words_of
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.export_format.texts import events_of_texts
from jmvae_tf.export_format.value_names import names_or_numbers

NOT_GIVEN = "Not given"

_MOST_BUTTONS = 8  # Classes; more are a list to choose from.
_MOST_NUMBERS = 60  # Boxes.
_IN_A_ROW = 3  # Boxes.
_LARGEST = float(np.finfo(np.float32).max)
_MOST_LETTERS = 120  # In a rule.


class GivenControl(abc.ABC):
    """The controls of one modality.

    Attributes:
      modality: the modality.
      components: the controls whose settings say what is given.
    """

    def __init__(self, modality: DescribedModality) -> None:
        self.modality = modality
        self.components: list[Any] = self._made()

    @abc.abstractmethod
    def _made(self) -> list[Any]:
        """Makes the controls where the page is at this moment."""

    @abc.abstractmethod
    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        """Converts the settings of the components to values, [*event_shape]; None if not given.

        Raises:
          ValueError: if they cannot be values of the modality, with the reason for users.
        """


class _Image(GivenControl):
    crops_faces = False

    def _made(self) -> list[Any]:
        name = self.modality.name
        photo, face = upload_controls(
            self.modality, self.crops_faces, f"{words_of(name)}: a JPEG or PNG file"
        )
        seen = picture_box(f"{words_of(name)}: what the model sees", f"seen-{name}", visible=False)
        changed = [photo.change, face.change]
        gr.on(changed, self._seen, [photo, face], seen, show_progress="hidden")
        return [photo, face]

    def _seen(self, path: str | None, face: bool) -> Any:
        """Returns the update that shows an uploaded image, or hides it if there is none."""
        image = opened_image(self.modality, path, face, warns=False)
        shown = None if image is None else for_screen(image, self.modality)
        return gr.update(value=shown, visible=shown is not None)

    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        path, face = settings
        return opened_image(self.modality, path, face)


class _ImageOfFaces(_Image):
    crops_faces = True


class _Label(GivenControl):
    def _made(self) -> list[Any]:
        name, classes = self.modality.name, [NOT_GIVEN, *names_or_numbers(self.modality)]
        # Classes by number, as one of them may be called like the first choice.
        choices = [(words_of(shown), number) for number, shown in enumerate(classes)]
        if len(classes) <= 1 + _MOST_BUTTONS:
            return [gr.Radio(choices, value=0, label=words_of(name), elem_id=f"give-{name}")]
        return [gr.Dropdown(choices, value=0, label=words_of(name), elem_id=f"give-{name}")]

    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        [number] = settings
        [classes] = self.modality.event_shape
        return one_hot(number - 1, classes) if number else None


class _Attributes(GivenControl):
    def _made(self) -> list[Any]:
        name, names = self.modality.name, list(self.modality.value_names)
        choices = [(words_of(shown), number) for number, shown in enumerate(names)]
        title = words_of(name)
        present = gr.CheckboxGroup(choices, label=f"{title}: yes", elem_id=f"give-{name}")
        absent = gr.CheckboxGroup(choices, label=f"{title}: no", elem_id=f"give-{name}-no")
        for ticked, other in ((present, absent), (absent, present)):  # Nothing is both.
            live([ticked.input], _without, [other, ticked], [other])
        return [present, absent]

    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        present, absent = settings
        if not present and not absent:
            return None
        both = sorted({*present} & {*absent})
        if both:  # Before the page has unticked one of them.
            raise ValueError(f"{self.modality.value_names[both[0]]} cannot be both yes and no")
        no, yes = self.modality.no_and_yes
        values = _unknown(self.modality)
        values[present], values[absent] = yes, no
        return values


def _without(ticked: Sequence[int], removed: Sequence[int]) -> list[Any]:
    """Returns what stays ticked, in a list; no change if all does."""
    left = [place for place in ticked if place not in removed]
    return [gr.skip() if len(left) == len(ticked) else left]


class _Numbers(GivenControl):
    def _made(self) -> list[Any]:
        names, boxes = names_or_numbers(self.modality), []
        with gr.Group():
            for start in range(0, len(names), _IN_A_ROW):
                with gr.Row():
                    for place in range(start, min(start + _IN_A_ROW, len(names))):
                        boxes.append(self._box(names[place], place))
        return boxes

    def _box(self, name: str, place: int) -> Any:
        # A box for numbers would show 0 where nothing is given.
        means = self.modality.means
        return gr.Textbox(
            "",
            label=words_of(name),
            placeholder=f"Such as {means[place]:.4g}" if means else "Not given",
            min_width=90,
            elem_id=f"give-{self.modality.name}-{place}",
        )

    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        names = names_or_numbers(self.modality)
        given = np.array(
            [_number(name, text) for name, text in zip(names, settings, strict=True)], np.float32
        )
        missing = np.isnan(given)
        if missing.all():
            return None
        values = np.where(missing, _unknown(self.modality).ravel(), given)
        if np.isnan(values).any() and not self.modality.partly_observed:
            lacking = [name for name, no in zip(names, missing, strict=True) if no]
            raise ValueError(f"{self.modality.name} needs {', '.join(lacking)} too")
        return values.reshape(self.modality.event_shape).astype(np.float32)


class _Text(GivenControl):
    @property
    def _rule(self) -> str:
        *letters, _ = self.modality.value_names
        shown = "".join(letters[:_MOST_LETTERS]) + "…" * (len(letters) > _MOST_LETTERS)
        return f"at most {self.modality.event_shape[0]} of the letters '{shown}'"

    def _made(self) -> list[Any]:
        return [
            gr.Textbox(
                "",
                label=words_of(self.modality.name),
                placeholder=f"Not given; {self._rule}",
                elem_id=f"give-{self.modality.name}",
            )
        ]

    def values(self, settings: Sequence[Any]) -> np.ndarray | None:
        [text] = settings
        if not text:
            return None
        length, _ = self.modality.event_shape
        try:
            [event] = events_of_texts([text], self.modality.value_names, length)
        except ValueError as error:  # Its message repeats the text, which may be long.
            raise ValueError(f"{self.modality.name} must have {self._rule}") from error
        return event


def given_control(modality: DescribedModality, crops_faces: bool) -> GivenControl | None:
    """Makes the controls that give a modality where the page is at this moment.

    Args:
      modality: the modality.
      crops_faces: whether to find and crop faces in photographs by default.

    Returns:
      The controls; None if the page has none for it, which it then says.
    """
    kinds: dict[str, Callable[[DescribedModality], GivenControl]] = {
        "image": _ImageOfFaces if crops_faces else _Image,
        "label": _Label,
        "attributes": _Attributes,
        "numbers": _Numbers,
        "vector": _Numbers,
        "text": _Text,
    }
    few = math.prod(modality.event_shape) <= _MOST_NUMBERS
    if modality.kind not in kinds or (kinds[modality.kind] is _Numbers and not few):
        gr.Markdown(f"**{modality.name}** cannot be given on this page")
        return None
    return kinds[modality.kind](modality)


def _number(name: str, text: str) -> float:
    """Reads a number that a user wrote; NaN if nothing is written."""
    if not text.strip():
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if not abs(number) <= _LARGEST:
        raise ValueError(f"{name} must be a number")
    return number


def _unknown(modality: DescribedModality) -> np.ndarray:
    """Returns what stands for values that are not given, [*event_shape].

    NaN if some values may be missing, else their means; without means, mid-range for attributes and
    NaN for numbers.
    """
    if modality.partly_observed:
        return np.full(modality.event_shape, np.nan, np.float32)
    if modality.means is not None:
        return np.array(modality.means, np.float32)
    middle = modality.threshold if modality.kind == "attributes" else np.nan
    return np.full(modality.event_shape, middle, np.float32)
