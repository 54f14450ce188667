"""Lays out the tab that reads a picture, and edits it or shows its reconstruction."""

from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.model_on_page import ModelOnPage
from jmvae_tf.demo.pad import has_pad, image_on_pad, pad
from jmvae_tf.demo.page_controls import live, picture_box
from jmvae_tf.demo.plain_words import distinct_words
from jmvae_tf.demo.value_controls import ValueControls

_EXAMPLES = 6
_MOST_READ = 6  # Values shown.
_REDRAW, _PIXELS = "Draw it again", "Change its pixels"


class ReadTab:
    """The tab: pictures to choose from, before and after side by side, and what is read off them.

    Args:
      shown: the model.
    """

    def __init__(self, shown: ModelOnPage) -> None:
        self._shown = shown
        self._model = shown.model
        self._edits = self._model.can("edit")
        self._examples = self._example_images()
        first = self._examples[0] if self._examples else None
        read = None if first is None or not self._model.can("read") else self._read_off(first)
        self._held = gr.State(first)  # The image as the model's input.
        with gr.Row(elem_classes="stage-and-controls"):
            with gr.Column(scale=6, min_width=300, elem_classes="stage"):
                with gr.Row(elem_classes="pair"):
                    self._before = picture_box("Before", "seen", self._screen(first))
                    title = "After" if self._edits else "Rebuilt"
                    can_change = self._edits or self._model.can("rebuild")
                    after = self._after_of(first) if can_change else None
                    self._after = picture_box(title, "edited", self._screen(after), can_change)
                ways = [_REDRAW, _PIXELS] if self._model.can("redraw") else [_PIXELS]
                self._way = gr.Radio(
                    ways,
                    value=ways[0],
                    label="How to change it",
                    visible=self._edits and len(ways) > 1,
                    elem_id="way",
                )
                self._make_sources()
            with gr.Column(scale=5, min_width=300):
                self._chart = gr.Label(
                    self._charted(read),
                    label="What the model reads",
                    num_top_classes=_MOST_READ,
                    visible=self._model.can("read"),
                    show_heading=self._model.is_of_labels,
                    elem_id="chart",
                )
                self._controls = None
                if self._edits:
                    start = shown.example(0) if read is None else read
                    self._controls = ValueControls(self._model, shown.pairs, start, "edit")
        self._connect()

    def _make_sources(self) -> None:
        image = self._model.image
        self._pixels = None
        if has_pad(image):
            with gr.Accordion("Draw one yourself", open=True):
                self._pixels = pad(image)
        click = "Or click an example" if self._pixels else "Click an example"
        self._gallery = gr.Gallery(
            [self._screen(x) for x in self._examples],
            label=f"{click} (the model drew them)",
            columns=_EXAMPLES,
            height="auto",
            object_fit="contain",
            allow_preview=False,
            buttons=[],
            visible=bool(self._examples),
            elem_id="examples",
        )
        with gr.Accordion("Or take a file of yours", open=not self._examples, elem_id="own"):
            self._photo, self._face = self._shown.upload_controls()

    def _connect(self) -> None:
        shown = [self._held, self._before, self._after, self._chart]
        shown += self._controls.components if self._controls else []

        def chosen(event: gr.SelectData) -> list[Any]:
            return self._answers(self._examples[int(event.index)])

        def opened(path: str | None, face: bool) -> list[Any]:
            return self._answers(self._shown.opened(path, face))

        def drawn(pixels: str) -> list[Any]:
            image = image_on_pad(pixels, self._model.image)
            return self._answers(None if image is None else self._shown.checked(image))

        def edited(values: np.ndarray, held: np.ndarray | None, way: str) -> list[Any]:
            after = None if held is None else self._model.edit(held, values, way == _REDRAW)
            return [self._screen(after)]

        live([self._gallery.select], chosen, [], shown)
        changed = [self._photo.change, self._face.input]
        live(changed, opened, [self._photo, self._face], shown)
        if self._pixels:
            live([self._pixels.change], drawn, [self._pixels], shown)
        if self._controls:
            controls = self._controls

            def edited_anew(held: np.ndarray | None, way: str, *settings: Any) -> list[Any]:
                return edited(controls.values(settings), held, way)

            controls.on_change(edited, [self._held, self._way], [self._after])
            inputs = [self._held, self._way, *controls.components]
            live([self._way.input], edited_anew, inputs, [self._after])

    def _answers(self, image: np.ndarray | None) -> list[Any]:
        """Returns the image, itself before and after, what is read, and the controls' settings.

        Without an image everything stays as it is.
        """
        if image is None:
            return [gr.skip()] * (4 + (len(self._controls.components) if self._controls else 0))
        read = self._read_off(image) if self._model.can("read") else None
        after = self._screen(self._after_of(image))
        answers = [image, self._screen(image), after, self._charted(read)]
        if self._controls and read is not None:
            answers += self._controls.settings(self._controls.without_contradictions(read))
        return answers

    def _example_images(self) -> list[np.ndarray]:
        if not self._model.can("draw"):
            return []
        return [self._shown.drawn(self._shown.example(x), x) for x in range(_EXAMPLES)]

    def _read_off(self, image: np.ndarray) -> np.ndarray:
        return self._model.read(image[np.newaxis])[0]

    def _after_of(self, image: np.ndarray | None) -> np.ndarray | None:
        """Returns the image after nothing has been changed, or its reconstruction."""
        if image is None:
            return None
        return self._model.rebuild(image) if self._model.can("rebuild") else image

    def _charted(self, values: np.ndarray | None) -> dict[str, float] | None:
        """Returns the probability of each class, or of each attribute."""
        other = self._model.other
        if values is None or other is None:
            return None
        chances = values if other.kind == "label" else other.probability_of_yes(values)
        names = distinct_words(self._model.value_names)
        return dict(zip(names, chances.tolist(), strict=True))

    def _screen(self, image: np.ndarray | None) -> np.ndarray | None:
        return None if image is None else self._shown.shown(image)
