"""Lays out the page: its tabs, its controls and the model call of each control."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo import charts
from jmvae_tf.demo.any_subset import AnySubset
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.generate_tab import generate_tab
from jmvae_tf.demo.page_controls import (
    BUTTONS,
    attributes_in,
    choice_of_values,
    opened_image,
    picture_box,
    shown_values,
    upload_controls,
    value_controls,
    values_of,
)
from jmvae_tf.demo.uploads import FORGOTTEN_AFTER

_MORE_SAMPLES = 6
_STEPS = 8
_LOOKED_FOR_EVERY = 60  # Seconds between removals of old files.

Picture = np.ndarray
Gallery = list[np.ndarray]


def page(export: LoadedExport, title: str, crops_faces: bool) -> gr.Blocks:
    """Builds the page of a model, with only what the model can do.

    A model of one image, and one label or attributes, has tabs to draw, edit and walk. Other models
    have a tab that generates everything from any of their modalities.

    Args:
      export: the exported model.
      title: the title above the page.
      crops_faces: whether to find and crop faces in photographs by default.

    Raises:
      UserError: if the page cannot show the model.
    """
    model = DemoModel.of(export)
    shown = {x.name for x in (model.image, model.other) if x} if model else set()
    rest = None if shown == set(export.modalities) else AnySubset(export)
    forgets = (_LOOKED_FOR_EVERY, FORGOTTEN_AFTER)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=forgets) as blocks:
        gr.Markdown(f"## {title}")
        with gr.Tabs():
            if rest:
                with gr.Tab("Generate"):
                    generate_tab(rest, crops_faces)
            if model:
                _tabs(model, crops_faces)
    return blocks


def _tabs(model: DemoModel, crops_faces: bool) -> None:
    """Makes the tabs of an image, and of the label or the attributes beside it."""
    if model.can("draw"):
        with gr.Tab("Draw"):
            _draw_tab(model)
    if model.can("read") or model.can("rebuild"):
        with gr.Tab("Read and edit"):
            _read_tab(model, crops_faces)
    if model.can("draw"):
        with gr.Tab("Walk"):
            _walk_tab(model, crops_faces)
    if model.can("scatter"):
        with gr.Tab("Latent space"):
            _latent_tab(model, crops_faces)


def _draw_tab(model: DemoModel) -> None:
    """Makes the tab from values to images: samples by seed, one enlarged, and the average."""
    with gr.Row():
        with gr.Column(scale=3):
            controls = value_controls(model, model.usual_values()).values
        with gr.Column(scale=2):
            sample = picture_box("a sample", "sample")
            surprise = gr.Button("Surprise me", elem_id="surprise")
            seed = gr.Number(0, label="seed", precision=0, minimum=0, maximum=2**31 - 1)
            more = gr.Gallery(label="more samples", columns=3, height=350, buttons=list(BUTTONS))
            average = picture_box("average", "average")

    def show(seed: float, *values: Any) -> tuple[Picture, Gallery, Picture]:
        wanted = values_of(model, values)
        first, *others = model.samples(wanted, int(seed or 0), 1 + _MORE_SAMPLES)
        [mean] = model.average(wanted[np.newaxis])
        return (
            model.for_screen(first),
            list(map(model.for_screen, others)),
            model.for_screen(mean),
        )

    _live(show, [seed, *controls], [sample, more, average])
    surprise.click(lambda: int(np.random.default_rng().integers(2**31)), None, seed)


def _read_tab(model: DemoModel, crops_faces: bool) -> None:
    """Makes the tab from an image to values and edits, or to its reconstruction."""
    with gr.Row():
        with gr.Column(scale=2):
            photo, face = upload_controls(model.image, crops_faces, model.image.name)
            seen = picture_box("what the model sees", "seen")
        with gr.Column(scale=2):
            chart = picture_box(_title_of_chart(model), "chart")
        if model.can("edit"):
            with gr.Column(scale=4):
                edited = picture_box("edited", "edited")
                absent = np.full_like(model.usual_values(), model.no_and_yes[0])
                controls, boxes, ticked = value_controls(model, absent)
    held = gr.State(None)  # The image as the model's input.

    def read(path: str | None, face: bool) -> Sequence[Any]:
        image = opened_image(model.image, path, face)
        if image is None:
            return (None, None, None)
        if not model.can("read"):
            return image, model.for_screen(image), model.for_screen(model.rebuild(image))
        return image, model.for_screen(image), _chart(model, model.read(image))

    def start_editing(image: Picture | None) -> Any:
        values = model.usual_values() if image is None else model.read(image)
        shown = [*shown_values(model, values), *[attributes_in(model, values)] * len(boxes)]
        return shown if len(shown) > 1 else shown[0]  # One control takes a list as its value.

    def edit(image: Picture | None, *values: Any) -> Picture | None:
        if image is None:
            return None
        return model.for_screen(model.edit(image, values_of(model, values)))

    opened = gr.on([photo.change, face.change], read, [photo, face], [held, seen, chart])
    if model.can("edit"):
        opened.success(start_editing, held, [*controls, *boxes]).success(
            edit, [held, *controls], edited
        )
        # Only when a person moves a control, not when the page sets it.
        moved = [control.input for control in controls]
        gr.on(moved, edit, [held, *controls], edited, trigger_mode="always_last")
        for event in ticked:
            event.success(edit, [held, *controls], edited)


def _walk_tab(model: DemoModel, crops_faces: bool) -> None:
    """Makes the tab of average images between two images or sets of values."""
    ends = []
    with gr.Row():
        for number, place in enumerate(("from", "to")):
            with gr.Column():
                values = choice_of_values(model, place, number)
                if model.can("read"):
                    photo, face = upload_controls(model.image, crops_faces, f"or {place} an image")
                else:
                    photo, face = gr.State(None), gr.State(False)
                ends.append((values, photo, face))
    go = gr.Button("Walk", elem_id="walk")
    strip = gr.Gallery(
        label="the way", columns=_STEPS, height=180, elem_id="way", buttons=list(BUTTONS)
    )

    def walk(*inputs: Any) -> Gallery:
        start, end = (_end(model, *inputs[at : at + 3]) for at in (0, 3))
        return list(map(model.for_screen, model.walk(start, end, _STEPS)))

    go.click(walk, [control for end in ends for control in end], strip)


def _latent_tab(model: DemoModel, crops_faces: bool) -> None:
    """Makes the tab of sampled images and an uploaded one as points of the latent space."""
    points, labels = model.latent_cloud()
    names = model.value_names
    with gr.Row():
        with gr.Column(scale=2):
            photo, face = upload_controls(model.image, crops_faces, "an image to find")
        with gr.Column(scale=3):
            plot = picture_box(
                "mean of q(z|image) of images sampled for each label",
                "latent",
                charts.scatter(points, labels, names, None),
            )

    def find(path: str | None, face: bool) -> Picture:
        image = opened_image(model.image, path, face)
        here = None if image is None else model.embed(image[np.newaxis])[0]
        return charts.scatter(points, labels, names, here)

    gr.on([photo.change, face.change], find, [photo, face], plot)


def _end(model: DemoModel, values: Any, path: str | None, face: bool) -> np.ndarray:
    """Returns the values at one end of a walk: an uploaded image's or the chosen ones."""
    image = opened_image(model.image, path, face)
    if image is not None:
        return model.read(image)
    if model.is_of_labels:
        return values_of(model, [values])
    has = np.isin(model.value_names, values or [])
    no, yes = model.no_and_yes
    return np.where(has, yes, no).astype(np.float32)


def _title_of_chart(model: DemoModel) -> str:
    if not model.can("read"):
        return "reconstruction"
    return "what it reads" if model.is_of_labels else "what it reads: probability of yes"


def _chart(model: DemoModel, values: np.ndarray) -> np.ndarray:
    if model.other is None or model.other.kind == "label":
        return charts.bars(model.value_names, values, (0.0, 1.0))
    return charts.bars(model.value_names, model.other.probability_of_yes(values), (0.0, 1.0), 0.5)


def _live(show: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
    """Shows outputs at once and updates them whenever an input changes."""
    gr.on(
        [control.change for control in inputs],
        show,
        inputs,
        outputs,
        trigger_mode="always_last",
        show_progress="hidden",
    )
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.load(show, inputs, outputs)
