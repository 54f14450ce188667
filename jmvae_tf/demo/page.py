"""Lays out the page: its tabs and controls, and the question that each control asks the model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from jmvae_tf.demo import charts
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.uploads import FORGOTTEN_AFTER
from jmvae_tf.runtime.errors import UserError

_MORE_SAMPLES = 6
_STEPS = 8
_MOST_COLUMNS = 3
_LOOKED_FOR_EVERY = 60  # Seconds; files that are old enough to be removed.
_BUTTONS = ("fullscreen", "download")  # The page's library has one more, which shares with others.

Picture = np.ndarray
Gallery = list[np.ndarray]


def page(model: DemoModel, title: str, crops_faces: bool) -> gr.Blocks:
    """Builds the page of a model, with nothing that the model cannot do.

    Args:
      model: the model.
      title: the title above the page.
      crops_faces: whether faces are found in photographs, unless the person says otherwise.
    """
    forgets = (_LOOKED_FOR_EVERY, FORGOTTEN_AFTER)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=forgets) as blocks:
        gr.Markdown(f"## {title}")
        with gr.Tabs():
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
    return blocks


def _draw_tab(model: DemoModel) -> None:
    """From values to images: samples by a seed, one of them large, and the average."""
    with gr.Row():
        with gr.Column(scale=3):
            controls = _controls(model, model.usual_values()).values
        with gr.Column(scale=2):
            sample = _picture("a sample", "sample")
            surprise = gr.Button("Surprise me", elem_id="surprise")
            seed = gr.Number(0, label="seed", precision=0, minimum=0, maximum=2**31 - 1)
            more = gr.Gallery(label="more samples", columns=3, height=350, buttons=list(_BUTTONS))
            average = _picture("average", "average")

    def show(seed: float, *values: Any) -> tuple[Picture, Gallery, Picture]:
        wanted = _values_of(model, values)
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
    """From an image to values and edits; for a model of images alone, to its reconstruction."""
    with gr.Row():
        with gr.Column(scale=2):
            photo, face = _upload(model, crops_faces, "image")
            seen = _picture("what the model sees", "seen")
        with gr.Column(scale=2):
            chart = _picture("what it reads" if model.can("read") else "reconstruction", "chart")
        if model.can("edit"):
            with gr.Column(scale=4):
                edited = _picture("edited", "edited")
                absent = np.full_like(model.usual_values(), model.no_and_yes[0])
                controls, boxes, ticked = _controls(model, absent)
    held = gr.State(None)  # The image as the model sees it.

    def read(path: str | None, face: bool) -> Sequence[Any]:
        image = _opened(model, path, face)
        if image is None:
            return (None, None, None)
        if not model.can("read"):
            return image, model.for_screen(image), model.for_screen(model.rebuild(image))
        return image, model.for_screen(image), _chart(model, model.read(image))

    def start_editing(image: Picture | None) -> Any:
        values = model.usual_values() if image is None else model.read(image)
        shown = [*_shown_values(model, values), *[_has(model, values)] * len(boxes)]
        return shown if len(shown) > 1 else shown[0]  # A list for one control would be its value.

    def edit(image: Picture | None, *values: Any) -> Picture | None:
        if image is None:
            return None
        return model.for_screen(model.edit(image, _values_of(model, values)))

    opened = gr.on([photo.change, face.change], read, [photo, face], [held, seen, chart])
    if model.can("edit"):
        opened.success(start_editing, held, [*controls, *boxes]).success(
            edit, [held, *controls], edited
        )
        # When a person moves a control, not when the page sets it.
        moved = [control.input for control in controls]
        gr.on(moved, edit, [held, *controls], edited, trigger_mode="always_last")
        for event in ticked:
            event.success(edit, [held, *controls], edited)


def _walk_tab(model: DemoModel, crops_faces: bool) -> None:
    """Average images on the way from one image, or set of values, to another."""
    ends = []
    with gr.Row():
        for number, place in enumerate(("from", "to")):
            with gr.Column():
                values = _choice(model, place, number)
                if model.can("read"):
                    photo, face = _upload(model, crops_faces, f"or {place} an image")
                else:
                    photo, face = gr.State(None), gr.State(False)
                ends.append((values, photo, face))
    go = gr.Button("Walk", elem_id="walk")
    strip = gr.Gallery(
        label="the way", columns=_STEPS, height=180, elem_id="way", buttons=list(_BUTTONS)
    )

    def walk(*inputs: Any) -> Gallery:
        start, end = (_end(model, *inputs[at : at + 3]) for at in (0, 3))
        return list(map(model.for_screen, model.walk(start, end, _STEPS)))

    go.click(walk, [control for end in ends for control in end], strip)


def _latent_tab(model: DemoModel, crops_faces: bool) -> None:
    """Images sampled from each label, and an uploaded one, as points of the latent space."""
    points, labels = model.latent_cloud()
    names = model.value_names
    with gr.Row():
        with gr.Column(scale=2):
            photo, face = _upload(model, crops_faces, "an image to find")
        with gr.Column(scale=3):
            plot = _picture(
                "mean of q(z|image) of images drawn of each label",
                "latent",
                charts.scatter(points, labels, names, None),
            )

    def find(path: str | None, face: bool) -> Picture:
        image = _opened(model, path, face)
        here = None if image is None else model.embed(image[np.newaxis])[0]
        return charts.scatter(points, labels, names, here)

    gr.on([photo.change, face.change], find, [photo, face], plot)


def _picture(label: str, name: str, first: Picture | None = None) -> gr.Image:
    return gr.Image(
        first,
        label=label,
        interactive=False,
        elem_id=name,
        buttons=list(_BUTTONS),
        alt_text=label,
    )


class _Controls(NamedTuple):
    """The controls that set values.

    Attributes:
      values: the controls, in the order of the values.
      boxes: what holds the ticked attributes; empty for labels.
      ticked: the events after which boxes have moved sliders.
    """

    values: list[Any]
    boxes: list[Any]
    ticked: list[Any]


def _controls(model: DemoModel, absent: np.ndarray) -> _Controls:
    """Makes a slider and a box per attribute, or a choice of labels.

    Args:
      model: the model.
      absent: the values that attributes get when their boxes are no longer ticked, [values].
    """
    other = model.other
    if other is None:
        return _Controls([], [], [])
    if other.kind == "label":
        radio = gr.Radio(model.value_names, value=model.value_names[0], label=other.name)
        return _Controls([radio], [], [])
    low, high = other.support
    yes = model.no_and_yes[1]
    names = model.value_names
    boxes = gr.CheckboxGroup(names, label="has", elem_id="boxes")
    ticked_before = gr.State([])
    sliders: dict[int, gr.Slider] = {}
    columns = min(_MOST_COLUMNS, 1 + len(absent) // 6)
    with gr.Row():
        for column in range(columns):
            with gr.Column(min_width=140):
                for place in range(column, len(absent), columns):
                    name = names[place]
                    start = round(float(model.usual_values()[place]), 2)
                    sliders[place] = gr.Slider(
                        low, high, start, step=0.01, precision=2, label=name, elem_id=name
                    )
    in_order = [sliders[place] for place in range(len(absent))]

    def tick(ticked: Sequence[str], before: Sequence[str], *now: float) -> list[Any]:
        """Moves only the sliders whose boxes were touched."""
        touched = set(ticked) ^ set(before)
        values = [
            value if name not in touched else yes if name in ticked else round(float(without), 2)
            for name, without, value in zip(names, absent, now, strict=True)
        ]
        return [list(ticked), *values]

    ticked = boxes.input(tick, [boxes, ticked_before, *in_order], [ticked_before, *in_order])
    return _Controls(in_order, [boxes, ticked_before], [ticked])


def _choice(model: DemoModel, label: str, number: int) -> Any:
    """Makes one control for a whole set of values: the attributes that are there, or a label."""
    names = model.value_names
    if model.is_of_labels:
        return gr.Radio(names, value=names[number], label=label)
    return gr.CheckboxGroup(names, value=names[number : number + 1], label=f"{label} a face with")


def _upload(model: DemoModel, crops_faces: bool, label: str) -> tuple[Any, Any]:
    """Makes the controls that an image comes from.

    Returns:
      The state that holds the path of the last image, which stays in the server; and the box that
      says whether to cut out a face.
    """
    photo = gr.State(None)
    upload = gr.File(
        label=f"{label}: a JPEG or PNG file",
        file_count="single",
        file_types=[".jpg", ".jpeg", ".png"],
        type="filepath",
        height=140,
    )
    with gr.Accordion("or by webcam", open=False):
        webcam = gr.Image(sources=["webcam"], type="filepath", label="webcam", height=220)

    def keep(file: Mapping[str, Any] | None) -> str | None:
        return file["path"] if file else None

    for source in (upload, webcam):  # As it is: `read_image` decodes it, and no other library.
        source.change(keep, source, photo, preprocess=False)
    faces = model.image.event_shape[-1] == 3
    face = gr.Checkbox(crops_faces, label="find the face and cut it out", visible=faces)
    return photo, face


def _opened(model: DemoModel, path: str | None, face: bool) -> np.ndarray | None:
    """Reads an uploaded image as the model takes it; the page shows what is wrong with it."""
    if path is None:
        return None
    try:
        return model.from_file(path, "face" if face else None)
    except UserError as error:
        gr.Warning(str(error).replace(path, "the file"), title="This file cannot be used")
        return None


def _end(model: DemoModel, values: Any, path: str | None, face: bool) -> np.ndarray:
    """Gives the values of one end of a walk: an uploaded image's, or those that were chosen."""
    image = _opened(model, path, face)
    if image is not None:
        return model.read(image)
    if model.is_of_labels:
        return _values_of(model, [values])
    has = np.isin(model.value_names, values or [])
    no, yes = model.no_and_yes
    return np.where(has, yes, no).astype(np.float32)


def _values_of(model: DemoModel, controls: Sequence[Any]) -> np.ndarray:
    """Reads the values, [values], off the controls."""
    if model.is_of_labels:
        names = model.value_names
        return np.eye(len(names), dtype=np.float32)[names.index(controls[0])]
    low, high = model.other.support if model.other else (0.0, 0.0)
    return np.clip(np.asarray(controls, np.float32), low, high)


def _shown_values(model: DemoModel, values: np.ndarray) -> list[Any]:
    """Converts values, [values], to settings of the controls."""
    if model.is_of_labels:
        return [model.value_names[int(values.argmax())]]
    low, high = model.other.support if model.other else (0.0, 0.0)
    return [round(float(value), 2) for value in np.clip(values, low, high)]


def _has(model: DemoModel, values: np.ndarray) -> list[str]:
    """Lists the attributes that are there by their values, [values]."""
    has = values > (model.other.threshold if model.other else 0.0)
    return [name for name, it_has in zip(model.value_names, has, strict=True) if it_has]


def _chart(model: DemoModel, values: np.ndarray) -> np.ndarray:
    if model.other is None or model.other.kind == "label":
        return charts.bars(model.value_names, values, (0.0, 1.0))
    no, yes = model.no_and_yes
    return charts.bars(model.value_names, values, (1.2 * no, 1.2 * yes), model.other.threshold)


def _live(show: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
    """Shows outputs at once, and again whenever an input changes."""
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
