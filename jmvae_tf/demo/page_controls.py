"""Makes the page's controls, and converts between their settings and a model's values."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr
import numpy as np

from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.pictures import from_file
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.runtime.errors import UserError

BUTTONS = ("fullscreen", "download")
"""The buttons of an image, without the library's button to share it."""

_MOST_COLUMNS = 3
_MOST_BUTTONS = 30  # Classes; more are a list to choose from.


def picture_box(
    label: str, name: str, first: np.ndarray | None = None, visible: bool = True
) -> gr.Image:
    """Makes an image that the page shows and users cannot change.

    Args:
      label: the title of the image.
      name: its id on the page.
      first: the initial image; None for none.
      visible: whether it is shown.
    """
    return gr.Image(
        first,
        label=label,
        interactive=False,
        elem_id=name,
        buttons=list(BUTTONS),
        alt_text=label,
        visible=visible,
    )


class ValueControls(NamedTuple):
    """The controls that set values.

    Attributes:
      values: the controls, in the order of the values.
      boxes: the controls of the ticked attributes; empty for labels.
      ticked: the events after which boxes moved sliders.
    """

    values: list[Any]
    boxes: list[Any]
    ticked: list[Any]


def value_controls(model: DemoModel, absent: np.ndarray) -> ValueControls:
    """Makes a slider and a check box per attribute, or a choice of labels.

    Args:
      model: the model.
      absent: the values of attributes whose boxes are no longer ticked, [values].
    """
    other = model.other
    if other is None:
        return ValueControls([], [], [])
    if other.kind == "label":
        return ValueControls([_choice_of_class(model, other.name, 0)], [], [])
    low, high = model.limits
    no, yes = model.no_and_yes
    names = model.value_names
    scale = f"or by sliders, where {no:g} is a certain no and {yes:g} a certain yes"
    boxes = gr.CheckboxGroup(names, label="has", info=scale, elem_id="boxes")
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
        """Moves only the sliders whose boxes changed."""
        touched = set(ticked) ^ set(before)
        values = [
            value if name not in touched else yes if name in ticked else round(float(without), 2)
            for name, without, value in zip(names, absent, now, strict=True)
        ]
        return [list(ticked), *values]

    ticked = boxes.input(tick, [boxes, ticked_before, *in_order], [ticked_before, *in_order])
    return ValueControls(in_order, [boxes, ticked_before], [ticked])


def choice_of_values(model: DemoModel, label: str, number: int) -> Any:
    """Makes one control for a whole set of values: the present attributes, or a label."""
    names = model.value_names
    if model.is_of_labels:
        return _choice_of_class(model, label, min(number, len(names) - 1))
    return gr.CheckboxGroup(names, value=names[number : number + 1], label=f"{label} a face with")


def _choice_of_class(model: DemoModel, label: str, number: int) -> Any:
    names = model.value_names
    choice = gr.Radio if len(names) <= _MOST_BUTTONS else gr.Dropdown
    return choice(names, value=names[number], label=label)


def upload_controls(image: DescribedModality, crops_faces: bool, label: str) -> tuple[Any, Any]:
    """Makes the controls to upload an image.

    Args:
      image: the modality.
      crops_faces: whether to find and crop faces in photographs by default.
      label: the title of the controls.

    Returns:
      The state with the path of the last image, which stays on the server; and the check box for
      cropping to a face.
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

    for source in (upload, webcam):  # Unchanged: only `read_image` may decode it.
        source.change(keep, source, photo, preprocess=False)
    height, width, channels = image.event_shape
    # Files of a user's own data are fitted as they were in training.
    faces = height == width and channels == 3 and image.fit is None
    face = gr.Checkbox(crops_faces and faces, label="find and crop the face", visible=faces)
    return photo, face


def opened_image(
    image: DescribedModality, path: str | None, face: bool, warns: bool = True
) -> np.ndarray | None:
    """Reads an uploaded image as the model's input.

    Args:
      image: the modality.
      path: the file; None for none.
      face: whether to find and crop the face.
      warns: whether the page shows why a file cannot be used.

    Returns:
      The image, [*event_shape]; None if there is no file, or it cannot be used.
    """
    if path is None:
        return None
    try:
        return from_file(path, image, "face" if face else image.fit)
    except UserError as error:
        if warns:
            gr.Warning(str(error).replace(path, "the file"), title="This file cannot be used")
        return None


def values_of(model: DemoModel, controls: Sequence[Any]) -> np.ndarray:
    """Converts the settings of the controls to values, [values]."""
    if model.is_of_labels:
        names = model.value_names
        return one_hot(names.index(controls[0]), len(names))
    return np.clip(np.asarray(controls, np.float32), *model.limits)


def shown_values(model: DemoModel, values: np.ndarray) -> list[Any]:
    """Converts values, [values], to settings of the controls."""
    if model.is_of_labels:
        return [model.value_names[int(values.argmax())]]
    return [round(float(value), 2) for value in np.clip(values, *model.limits)]


def attributes_in(model: DemoModel, values: np.ndarray) -> list[str]:
    """Lists the attributes that are present according to their values, [values]."""
    has = values > (model.other.threshold if model.other else 0.0)
    return [name for name, it_has in zip(model.value_names, has, strict=True) if it_has]
