"""Lays out the tab that walks from one picture to another."""

import pathlib
import secrets
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from jmvae_tf.demo.link import LARGEST_SEED
from jmvae_tf.demo.model_on_page import FIRST_SEED, ModelOnPage
from jmvae_tf.demo.page_controls import live, picture_box
from jmvae_tf.demo.pictures import on_white
from jmvae_tf.demo.value_controls import ValueControls
from jmvae_tf.reporting.figures.animations import save_gif, there_and_back

_FRAMES = 24
_MIDDLE = 50  # Percent.


class WalkTab:
    """The tab: a slider between two pictures, and an animation of the way.

    Both ends of a walk have one seed, so that only what the values say changes.

    Args:
      shown: the model.
    """

    def __init__(self, shown: ModelOnPage) -> None:
        self._shown = shown
        ends = [shown.example(0), shown.example(1)]
        self._seed = gr.State(FIRST_SEED)
        middle, *pictures = self._seen(ends, _MIDDLE, FIRST_SEED)
        with gr.Row(elem_classes="stage-and-controls"):
            with gr.Column(scale=2, min_width=280, elem_classes="stage"):
                self._picture = picture_box("On the way", "way", middle)
                self._place = gr.Slider(
                    0,
                    100,
                    _MIDDLE,
                    step=1,
                    label="Walk from the first picture to the second",
                    elem_id="place",
                    elem_classes="walked",
                    buttons=[],
                )
                with gr.Row(elem_classes="buttons"):
                    surprise = gr.Button(
                        "Surprise me", variant="primary", size="md", elem_id="surprise-walk"
                    )
                    animate = gr.Button("Make a GIF", size="md", elem_id="animate")
                self._animation = gr.Image(
                    label="The walk as a GIF",
                    alt_text="The walk, there and back",
                    format="gif",
                    type="filepath",
                    interactive=False,
                    visible=False,
                    buttons=["download"],
                    elem_id="animation",
                )
            with gr.Column(scale=3, min_width=300):
                with gr.Row(elem_classes="pair"):
                    self._pictures = [
                        picture_box(title, name, picture)
                        for title, name, picture in zip(
                            ("First", "Second"), ("from", "to"), pictures, strict=True
                        )
                    ]
                self._controls = [
                    self._end(title, name, values)
                    for title, name, values in zip(
                        ("the first", "the second"), ("from", "to"), ends, strict=True
                    )
                ]
        self._connect(surprise, animate)

    def _end(self, title: str, name: str, values: np.ndarray) -> tuple[ValueControls, Any, Any]:
        model = self._shown.model
        with gr.Accordion(f"Choose {title}", open=model.is_of_labels, elem_id=f"choose-{name}"):
            controls = ValueControls(model, self._shown.pairs, values, name)
            if not model.can("read"):
                return controls, None, None
            with gr.Accordion("Or take a file of yours", open=False):
                return controls, *self._shown.upload_controls()

    def _connect(self, surprise: Any, animate: Any) -> None:
        (first, *_), (second, *_) = self._controls
        settings = [*first.components, *second.components]
        inputs = [self._place, self._seed, *settings]
        pictures = [self._picture, *self._pictures]

        def both(settings: tuple[Any, ...]) -> list[np.ndarray]:
            parts = settings[: len(first.components)], settings[len(first.components) :]
            return [x.values(part) for x, part in zip((first, second), parts, strict=True)]

        def walked(place: float, seed: int, *settings: Any) -> list[Any]:
            return self._seen(both(settings), place, seed)[:1]

        def begun(values: np.ndarray, place: float, seed: int, *other: Any) -> list[Any]:
            return self._seen([values, second.values(other)], place, seed)

        def ended(values: np.ndarray, place: float, seed: int, *other: Any) -> list[Any]:
            return self._seen([first.values(other), values], place, seed)

        def surprised() -> list[Any]:
            numbers = np.random.default_rng().integers(LARGEST_SEED, size=3).tolist()
            ends = [self._shown.example(number) for number in numbers[:2]]
            settings = [*first.settings(ends[0]), *second.settings(ends[1])]
            return [_MIDDLE, numbers[2], *settings, *self._seen(ends, _MIDDLE, numbers[2])]

        def animated(seed: int, *settings: Any) -> Any:
            shares = np.linspace(0.0, 1.0, _FRAMES).tolist()
            images = self._on_the_way(both(settings), shares, seed)
            frames = np.stack([on_white(self._shown.shown(image)) for image in images])
            path = (
                pathlib.Path(get_upload_folder()) / f"{self._shown.name}-{secrets.token_hex(8)}.gif"
            )
            save_gif(path, there_and_back(frames))
            return gr.update(value=str(path), visible=True)

        def seen(place: float, seed: int, *settings: Any) -> list[Any]:
            return self._seen(both(settings), place, seed)

        live([self._place.input], walked, inputs, [self._picture])
        first.on_change(begun, [self._place, self._seed, *second.components], pictures)
        second.on_change(ended, [self._place, self._seed, *first.components], pictures)
        everything = [self._place, self._seed, *settings, *pictures]
        live([surprise.click], surprised, [], everything)
        animate.click(animated, [self._seed, *settings], self._animation)
        for controls, photo, face in self._controls:
            if photo is not None:
                opened = self._connect_file(controls, photo, face)
                opened.success(seen, inputs, pictures, show_progress="hidden")

    def _connect_file(self, controls: ValueControls, photo: Any, face: Any) -> Any:
        """Sets an end of the walk to what is read off a file."""
        model = self._shown.model

        def opened(path: str | None, crops: bool) -> Any:
            image = self._shown.opened(path, crops)
            if image is None:
                return [gr.skip()] * len(controls.components)
            read = model.read(image[np.newaxis])[0]
            return controls.settings(controls.without_contradictions(read))

        changed = [photo.change, face.input]
        return live(changed, opened, [photo, face], controls.components)

    def _seen(self, ends: Sequence[np.ndarray], place: float, seed: int) -> list[np.ndarray]:
        """Returns the picture at a place, in percent of the way, and those at both ends."""
        share = float(np.clip(place, 0, 100) / 100)
        return [self._shown.shown(x) for x in self._on_the_way(ends, [share, 0.0, 1.0], seed)]

    def _on_the_way(
        self, ends: Sequence[np.ndarray], shares: Sequence[float], seed: int
    ) -> np.ndarray:
        """Returns the images at some shares of the way, [shares, height, width, channels].

        The way is straight in the latent space if the export decodes it, otherwise between values.
        """
        model = self._shown.model
        ways = np.array(shares, np.float32)[:, np.newaxis]
        if not (model.can("embed") and model.can("decode")):
            values = (1 - ways) * ends[0] + ways * ends[1]
            return model.samples(values, np.full(len(values), seed))
        start, end = model.embed(model.samples(np.stack(ends), np.full(2, seed)))
        return model.decode((1 - ways) * start + ways * end)
