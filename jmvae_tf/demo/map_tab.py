"""Lays out the tab with a map of the latent space."""

import html
from collections.abc import Mapping
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.exclusive import exclusive_groups, title_and_choices
from jmvae_tf.demo.latent_map import MapSquare, colours, draw_dots, mark, to_place
from jmvae_tf.demo.model_on_page import ModelOnPage
from jmvae_tf.demo.page_controls import live, markup, picture_box
from jmvae_tf.demo.plain_words import title_of, words_of
from jmvae_tf.export_format.latent_plane import separation

_STEPS = 100  # Of a slider, from the middle to the edge.


class MapTab:
    """The tab: dots for examples, and the picture at the place that is clicked.

    Args:
      shown: the model, whose cloud has latent values.
    """

    def __init__(self, shown: ModelOnPage) -> None:
        self._shown = shown
        self._square = MapSquare(shown.cloud.plane, shown.cloud.latent)
        self._colourings = self._all_colourings()
        self._maps = {
            name: draw_dots(self._square.places, x[0]) for name, x in self._colourings.items()
        }
        coloured = max(
            self._maps, key=lambda x: separation(self._square.places, self._colourings[x][0])
        )
        right, up = np.round(np.clip(self._square.places[0], -1.0, 1.0) * _STEPS).tolist()
        first = self._answers(coloured, (right / _STEPS, up / _STEPS))
        with gr.Row(elem_classes="stage-and-controls"):
            with gr.Column(scale=6, min_width=280, elem_classes="stage"):
                self._map = gr.Image(
                    first[0],
                    label="Click anywhere on the map",
                    alt_text="Map: a dot for each picture, a cross at the place shown",
                    image_mode="RGBA",
                    format="png",
                    interactive=False,
                    buttons=[],
                    elem_id="map",
                )
            with gr.Column(scale=5, min_width=280):
                title = (
                    "What lies there" if shown.model.can("decode") else "The picture nearest to it"
                )
                self._picture = picture_box(title, "there", first[1])
                self._right = self._slider("Left to right", "right", right)
                self._up = self._slider("Bottom to top", "up", up)
                self._by = gr.Dropdown(
                    list(self._maps),
                    value=coloured,
                    label="Coloured by",
                    visible=len(self._maps) > 1,
                    elem_id="coloured-by",
                )
                self._legend = markup(self._legend_of(coloured), "legend")
                with gr.Accordion("Find a file of yours on the map", open=False, elem_id="found"):
                    self._photo, self._face = shown.upload_controls()
        self._connect()

    def _slider(self, label: str, name: str, place: float) -> Any:
        return gr.Slider(-_STEPS, _STEPS, place, step=1, label=label, elem_id=name, buttons=[])

    def _connect(self) -> None:
        sliders, pictures = [self._right, self._up], [self._map, self._picture]

        def at(by: str, place: tuple[float, float]) -> list[Any]:
            return [*(round(x * _STEPS) for x in place), *self._answers(by, place)]

        def clicked(by: str, event: gr.SelectData) -> list[Any]:
            return at(by, to_place(event.index))

        def slid(by: str, *settings: float) -> list[Any]:
            return self._answers(by, (settings[0] / _STEPS, settings[1] / _STEPS))

        def recoloured(by: str, *settings: float) -> list[Any]:
            return [self._legend_of(by), *slid(by, *settings)]

        def found(by: str, path: str | None, face: bool) -> list[Any]:
            image = self._shown.opened(path, face)
            if image is None:
                return [gr.skip()] * 4
            [place] = self._square.to_places(self._shown.model.embed(image[np.newaxis]))
            right, up = np.clip(place, -1.0, 1.0).tolist()
            return at(by, (right, up))

        live([self._map.select], clicked, [self._by], [*sliders, *pictures])
        live([x.input for x in sliders], slid, [self._by, *sliders], pictures)
        live([self._by.input], recoloured, [self._by, *sliders], [self._legend, *pictures])
        changed = [self._photo.change, self._face.input]
        live(changed, found, [self._by, self._photo, self._face], [*sliders, *pictures])

    def _answers(self, by: str, place: tuple[float, float]) -> list[np.ndarray]:
        """Returns the map with a place marked, and the picture at that place."""
        shown = self._shown
        at = np.clip(place, -1.0, 1.0)
        drawn_for = shown.cloud.drawn_for
        if drawn_for is None or shown.model.can("decode"):
            [image] = shown.model.decode(self._square.to_latent(at)[np.newaxis])
        else:
            number = self._square.nearest(at)
            image = shown.drawn(drawn_for[number], number)
        return [mark(self._maps[by], at), shown.shown(image)]

    def _all_colourings(self) -> Mapping[str, tuple[np.ndarray, list[str]]]:
        """Returns the ways to colour the dots: the class of each dot, and the names of classes."""
        shown, values = self._shown, self._shown.cloud.values
        names = shown.model.value_names
        if shown.model.other is None:
            return {"": (np.zeros(len(values), int), ["a picture"])}
        if shown.model.is_of_labels:
            return {
                title_of(shown.model.other): (
                    values.argmax(axis=1),
                    list(map(words_of, names)),
                )
            }
        has = shown.model.has(values)
        ways = {}
        for group in exclusive_groups(shown.pairs):
            title, words = title_and_choices([names[x] for x in group])
            none = ~has[:, group].any(axis=1)
            classes = np.where(none, len(group), values[:, group].argmax(axis=1))
            ways[title] = (classes, [*words, "None of these"])
        for place, name in enumerate(names):
            ways.setdefault(words_of(name), (has[:, place].astype(int), ["No", "Yes"]))
        return ways

    def _legend_of(self, by: str) -> str:
        _, names = self._colourings[by]
        entries = [
            f"<li><span style='background: rgb({r}, {g}, {b})'></span>{html.escape(name)}</li>"
            for name, (r, g, b) in zip(names, colours(len(names)).tolist(), strict=True)
        ]
        return f"<ul class='legend'>{''.join(entries)}</ul>"
