"""The page itself: what is where, and which control leads to which answer."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo import charts
from jmvae_tf.demo.answers import Answers, for_screen
from jmvae_tf.errors import UserError

_SAMPLES = 6
_STEPS = 8
_MOST_COLUMNS = 3

Picture = np.ndarray
Gallery = list[np.ndarray]


def page(answers: Answers, title: str, crops_faces: bool) -> gr.Blocks:
    """Builds the page of a model; what it cannot do is not on it.

    Args:
      answers: the model.
      title: above the page.
      crops_faces: whether faces are found in photographs, if the person does not say otherwise.
    """
    with gr.Blocks(title=title, analytics_enabled=False) as blocks:
        gr.Markdown(f"## {title}")
        with gr.Tabs():
            if answers.can("draw"):
                with gr.Tab("Draw"):
                    _draw_tab(answers)
            if answers.can("read") or answers.can("rebuild"):
                with gr.Tab("Read and edit"):
                    _read_tab(answers, crops_faces)
            if answers.can("draw"):
                with gr.Tab("Walk"):
                    _walk_tab(answers, crops_faces)
            if answers.can("scatter"):
                with gr.Tab("Latent space"):
                    _latent_tab(answers, crops_faces)
    return blocks


def _draw_tab(answers: Answers) -> None:
    """Values to images: the average, and samples of a seed."""
    with gr.Row():
        with gr.Column(scale=3):
            controls = _controls(answers, answers.usual_values())
        with gr.Column(scale=2):
            average = gr.Image(label="average", interactive=False, elem_id="average")
            surprise = gr.Button("Surprise me", elem_id="surprise")
            seed = gr.Number(0, label="seed", precision=0, minimum=0, maximum=2**31 - 1)
            samples = gr.Gallery(label="samples of the seed", columns=3, height=260)

    def show(seed: float, *values: Any) -> tuple[Picture, Gallery]:
        wanted = _values_of(answers, values)
        drawn = answers.samples(wanted, int(seed or 0), _SAMPLES)
        return for_screen(answers.average(wanted[np.newaxis])[0]), list(map(for_screen, drawn))

    _live(show, [seed, *controls], [average, samples])
    surprise.click(lambda: int(np.random.default_rng().integers(2**31)), None, seed)


def _read_tab(answers: Answers, crops_faces: bool) -> None:
    """An image to values, and its edits; of a model of images alone its reconstruction."""
    with gr.Row():
        with gr.Column(scale=2):
            upload, face = _upload(answers, crops_faces, "image")
            seen = gr.Image(label="what the model sees", interactive=False, elem_id="seen")
        with gr.Column(scale=2):
            if answers.can("read"):
                chart = gr.Image(label="what it reads", interactive=False, elem_id="chart")
            else:
                chart = gr.Image(label="reconstruction", interactive=False, elem_id="chart")
        if answers.can("edit"):
            with gr.Column(scale=3):
                edited = gr.Image(label="edited", interactive=False, elem_id="edited")
                controls = _controls(answers, answers.usual_values())
    held = gr.State(None)  # The image as the model sees it.

    def read(path: str | None, face: bool) -> Sequence[Any]:
        if path is None:
            return (None, None, None)
        image = _opened(answers, path, face)
        if not answers.can("read"):
            return image, for_screen(image), for_screen(answers.rebuild(image))
        return image, for_screen(image), _chart(answers, answers.read(image))

    def start_editing(image: Picture | None) -> Sequence[Any]:
        values = answers.usual_values() if image is None else answers.read(image)
        return _shown_values(answers, values)

    def edit(image: Picture | None, *values: Any) -> Picture | None:
        if image is None:
            return None
        return for_screen(answers.edit(image, _values_of(answers, values)))

    opened = gr.on([upload.change, face.change], read, [upload, face], [held, seen, chart])
    if answers.can("edit"):
        opened.success(start_editing, held, controls).success(edit, [held, *controls], edited)
        gr.on(_moved(controls), edit, [held, *controls], edited, trigger_mode="always_last")


def _walk_tab(answers: Answers, crops_faces: bool) -> None:
    """Average images on the way from one image, or one set of values, to another."""
    ends = []
    with gr.Row():
        for number, place in enumerate(("from", "to")):
            with gr.Column():
                values = _choice(answers, place, number)
                if answers.can("read"):
                    upload, face = _upload(answers, crops_faces, f"or {place} an image")
                else:
                    upload, face = gr.State(None), gr.State(False)
                ends.append((values, upload, face))
    strip = gr.Gallery(label="the way", columns=_STEPS, height=220, elem_id="way")
    go = gr.Button("Walk", elem_id="walk")

    def walk(*inputs: Any) -> Gallery:
        start, end = (_end(answers, *inputs[at : at + 3]) for at in (0, 3))
        return list(map(for_screen, answers.walk(start, end, _STEPS)))

    go.click(walk, [control for end in ends for control in end], strip)


def _latent_tab(answers: Answers, crops_faces: bool) -> None:
    """Where images drawn of each label lie in the latent space, and an uploaded one among them."""
    points, labels = answers.latent_cloud()
    names = _names(answers)
    with gr.Row():
        upload, face = _upload(answers, crops_faces, "an image to find")
        plot = gr.Image(
            charts.scatter(points, labels, names, None),
            label="mean of q(z|image) of images drawn of each label",
            interactive=False,
            elem_id="latent",
        )

    def find(path: str | None, face: bool) -> Picture:
        here = None if path is None else answers.embed(_opened(answers, path, face)[np.newaxis])[0]
        return charts.scatter(points, labels, names, here)

    gr.on([upload.change, face.change], find, [upload, face], plot)


def _controls(answers: Answers, values: np.ndarray) -> list[Any]:
    """What a person sets values by: sliders by attribute, or a choice of labels."""
    other = answers.other
    if other is None:
        return []
    if other.shown_as == "label":
        return [gr.Radio(_names(answers), value=_names(answers)[0], label=other.name)]
    low, high = other.support
    boxes = gr.CheckboxGroup(_names(answers), label="set to yes", elem_id="boxes")
    sliders = []
    columns = min(_MOST_COLUMNS, 1 + len(values) // 6)
    with gr.Row():
        for column in range(columns):
            with gr.Column(min_width=140):
                for place in range(column, len(values), columns):
                    name = other.value_names[place]
                    sliders.append(
                        (
                            place,
                            gr.Slider(
                                low, high, float(values[place]), step=0.05, label=name, elem_id=name
                            ),
                        )
                    )
    in_order = [slider for _, slider in sorted(sliders, key=lambda x: x[0])]

    def set_to_yes(ticked: Sequence[str], *now: float) -> list[float]:
        # A value above 0.9 was most likely ticked before.
        return [
            1.0 if name in ticked else (float(usual) if value >= 0.9 else value)
            for name, usual, value in zip(
                other.value_names, answers.usual_values(), now, strict=True
            )
        ]

    boxes.input(set_to_yes, [boxes, *in_order], in_order)
    return in_order


def _choice(answers: Answers, label: str, number: int) -> Any:
    """A whole set of values in one control: attributes that are there, or a label."""
    names = _names(answers)
    if answers.other is not None and answers.other.shown_as == "label":
        return gr.Radio(names, value=names[number], label=label)
    return gr.CheckboxGroup(names, value=names[number : number + 1], label=f"{label} a face with")


def _upload(answers: Answers, crops_faces: bool, label: str) -> tuple[Any, Any]:
    upload = gr.File(
        label=f"{label}: a JPEG or PNG file", file_count="single", type="filepath", height=110
    )
    with gr.Accordion("or by webcam", open=False):
        webcam = gr.Image(sources=["webcam"], type="filepath", label="webcam", height=220)
    webcam.change(lambda path: path, webcam, upload)
    faces = answers.image.event_shape[-1] == 3
    face = gr.Checkbox(crops_faces, label="find the face and cut it out", visible=faces)
    return upload, face


def _opened(answers: Answers, path: str, face: bool) -> np.ndarray:
    """An uploaded image as the model takes it; what is wrong with it is told on the page."""
    try:
        return answers.from_file(path, "face" if face else None)
    except UserError as error:
        raise gr.Error(str(error).replace(path, "the file"), print_exception=False) from error


def _end(answers: Answers, values: Any, path: str | None, face: bool) -> np.ndarray:
    """One end of a walk: the values of an image, if one was uploaded, or those that were chosen."""
    if path is not None:
        return answers.read(_opened(answers, path, face))
    if answers.other is not None and answers.other.shown_as == "label":
        return _values_of(answers, [values])
    usual = answers.usual_values()
    has = np.isin(_names(answers), values or [])
    return np.where(has, 1.0, np.minimum(usual, -0.5)).astype(np.float32)


def _values_of(answers: Answers, controls: Sequence[Any]) -> np.ndarray:
    """What the controls say, [values]."""
    if answers.other is not None and answers.other.shown_as == "label":
        names = _names(answers)
        return np.eye(len(names), dtype=np.float32)[names.index(controls[0])]
    low, high = answers.other.support if answers.other else (0.0, 0.0)
    return np.clip(np.asarray(controls, np.float32), low, high)


def _shown_values(answers: Answers, values: np.ndarray) -> list[Any]:
    """What the controls are set to for values, [values]."""
    if answers.other is not None and answers.other.shown_as == "label":
        return [_names(answers)[int(values.argmax())]]
    low, high = answers.other.support if answers.other else (0.0, 0.0)
    return [float(value) for value in np.clip(values, low, high)]


def _chart(answers: Answers, values: np.ndarray) -> np.ndarray:
    is_label = answers.other is not None and answers.other.shown_as == "label"
    return charts.bars(_names(answers), values, (0.0, 1.0) if is_label else (-1.2, 1.2))


def _names(answers: Answers) -> list[str]:
    if answers.other is None:
        return []
    return list(answers.other.value_names) or list(map(str, range(*answers.other.event_shape)))


def _live(show: Callable[..., Any], inputs: list[Any], outputs: list[Any]) -> None:
    """Shows at once, and again whenever an input changes."""
    moved = [event for control in inputs for event in (control.change,)]
    gr.on(moved, show, inputs, outputs, trigger_mode="always_last", show_progress="hidden")
    blocks = gr.context.Context.root_block
    if blocks is not None:
        blocks.load(show, inputs, outputs)


def _moved(controls: Sequence[Any]) -> list[Any]:
    """The events of a person's moving a control, not of its being set by another."""
    return [control.input for control in controls]
