"""Lays out the tab that draws pictures for a label or attributes."""

from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.link import LARGEST_SEED, LinkedState, state_in
from jmvae_tf.demo.model_on_page import FIRST_SEED, ModelOnPage
from jmvae_tf.demo.page_controls import gallery_box, live, picture_box
from jmvae_tf.demo.value_controls import ValueControls

_LINK = "Link to this picture"
_MORE = 6  # Pictures; the page says so.


class DrawTab:
    """The tab: one large sample, and controls beside it.

    Args:
      shown: the model.
    """

    def __init__(self, shown: ModelOnPage) -> None:
        self._shown = shown
        first = shown.example(FIRST_SEED)
        path, *_ = self._drawn(first, FIRST_SEED)
        with gr.Row(elem_classes="stage-and-controls"):
            with gr.Column(scale=2, min_width=280, elem_classes="stage"):
                self._picture = picture_box("The picture that the model draws", "sample", path)
                with gr.Row(elem_classes="buttons"):
                    surprise = gr.Button(
                        "Surprise me", variant="primary", size="md", elem_id="surprise"
                    )
                    again = gr.Button("Another like this", size="md", elem_id="dice")
                with gr.Row(elem_classes="buttons"):
                    self._download = gr.DownloadButton(
                        "Download", path, size="sm", elem_id="download"
                    )
                    reset = gr.Button("Start again", size="sm", elem_id="reset")
                # A link once the address has been read.
                self._link = gr.Markdown(_LINK, elem_id="link")
            with gr.Column(scale=3, min_width=300):
                self._controls = ValueControls(shown.model, shown.pairs, first, "draw")
                with gr.Accordion("Seed of the picture", open=False, elem_id="number"):
                    self._seed = gr.Number(
                        FIRST_SEED,
                        label="Seed",
                        info="The same seed and settings give the same picture.",
                        precision=0,
                        minimum=0,
                        maximum=LARGEST_SEED,
                        elem_id="seed",
                    )
                self._make_more()
        self._outputs = [self._picture, self._download, self._link]
        self._connect(surprise, again, reset)

    def _make_more(self) -> None:
        with gr.Accordion("Six others, and their average", open=False, elem_id="more") as more:
            gallery = gallery_box("Other pictures", "samples")
            average = picture_box("Their average", "average")
            go = gr.Button("Draw them", elem_id="draw-more")

        def draw(seed: float | None, *settings: Any) -> tuple[list[np.ndarray], np.ndarray]:
            values = self._controls.values(settings)
            seeds = int(seed or 0) + 1 + np.arange(_MORE)
            images = self._shown.model.samples(np.repeat(values[np.newaxis], _MORE, 0), seeds)
            [mean] = self._shown.model.average(values[np.newaxis])
            return [self._shown.shown(image) for image in images], self._shown.shown(mean)

        gr.on(
            [more.expand, go.click],
            draw,
            [self._seed, *self._controls.components],
            [gallery, average],
        )

    def _drawn(self, values: np.ndarray, seed: float | None) -> list[Any]:
        """Returns the picture, the file to download and the link."""
        state = LinkedState(int(seed or 0), values)
        image = self._shown.drawn(values, state.seed)
        path = self._shown.saved(image, state)
        return [path, path, self._link_to(state)]

    def _link_to(self, state: LinkedState) -> str:
        return f"[{_LINK}]({self._shown.link(state)})"

    def _connect(self, surprise: Any, again: Any, reset: Any) -> None:
        controls = self._controls
        everything = [self._seed, *controls.components, *self._outputs]

        def set_all(values: np.ndarray, seed: int) -> list[Any]:
            return [seed, *controls.settings(values), *self._drawn(values, seed)]

        def surprised() -> list[Any]:
            example, seed = np.random.default_rng().integers(LARGEST_SEED, size=2).tolist()
            return set_all(self._shown.example(example), seed)

        def drawn_again(*settings: Any) -> list[Any]:
            seed = int(np.random.default_rng().integers(LARGEST_SEED))
            return [seed, *self._drawn(controls.values(settings), seed)]

        def numbered(seed: float | None, *settings: Any) -> list[Any]:
            return self._drawn(controls.values(settings), seed)

        def linked(request: gr.Request) -> list[Any]:
            state = state_in(dict(request.query_params), len(self._shown.model.value_names))
            if state is None:
                first = LinkedState(FIRST_SEED, self._shown.example(FIRST_SEED))
                return [*[gr.skip()] * (len(everything) - 1), self._link_to(first)]
            values = controls.values(controls.settings(state.values))
            return set_all(controls.without_contradictions(values), state.seed)

        def begun() -> list[Any]:
            return set_all(self._shown.example(FIRST_SEED), FIRST_SEED)

        controls.on_change(self._drawn, [self._seed], self._outputs)
        live([surprise.click], surprised, [], everything)
        live([again.click], drawn_again, controls.components, [self._seed, *self._outputs])
        live([self._seed.input], numbered, [self._seed, *controls.components], self._outputs)
        live([reset.click], begun, [], everything)
        blocks = gr.context.Context.root_block
        if blocks is not None:
            live([blocks.load], linked, [], everything)
