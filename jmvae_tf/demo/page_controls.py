"""Makes the controls that the page's tabs share: pictures and uploads."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.pictures import from_file
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.runtime.errors import UserError

_BUTTONS = ("fullscreen", "download")  # Not the library's button to share an image.


def picture_box(
    label: str, name: str, first: np.ndarray | str | None = None, visible: bool = True
) -> gr.Image:
    """Makes an image that the page shows and users cannot change.

    Args:
      label: the title of the image.
      name: its id on the page.
      first: the initial image or its file; None for none.
      visible: whether it is shown.
    """
    return gr.Image(
        first,
        label=label,
        interactive=False,
        elem_id=name,
        buttons=list(_BUTTONS),
        alt_text=label,
        visible=visible,
    )


def gallery_box(label: str, name: str, visible: bool = True) -> gr.Gallery:
    """Makes a gallery of images that the page shows, three in a row.

    Args:
      label: the title of the gallery.
      name: its id on the page.
      visible: whether it is shown.
    """
    return gr.Gallery(
        label=label,
        columns=3,
        height="auto",
        object_fit="contain",
        buttons=list(_BUTTONS),
        visible=visible,
        elem_id=name,
    )


def markup(content: str, name: str) -> gr.Markdown:
    """Makes a part of the page of HTML, which must be ours: it is shown as it is.

    The library's own component for HTML compiles code in the browser, which the page's security
    policy forbids.

    Args:
      content: the HTML.
      name: its id on the page.
    """
    return gr.Markdown(content, sanitize_html=False, elem_id=name)


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
        label=label,
        file_count="single",
        file_types=[".jpg", ".jpeg", ".png"],
        type="filepath",
        height=140,
    )
    with gr.Accordion("Or by webcam", open=False):
        webcam = gr.Image(sources=["webcam"], type="filepath", label="Webcam", height=220)

    def keep(file: Mapping[str, Any] | None) -> str | None:
        return file["path"] if file else None

    for source in (upload, webcam):  # Unchanged: only `read_image` may decode it.
        source.change(keep, source, photo, preprocess=False)
    height, width, channels = image.event_shape
    # Files of a user's own data are fitted as they were in training.
    faces = height == width and channels == 3 and image.fit is None
    face = gr.Checkbox(crops_faces and faces, label="Find and crop the face", visible=faces)
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


def live(
    triggers: Sequence[Any],
    call: Callable[..., list[Any]],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
) -> Any:
    """Calls a function whenever something happens; of several changes at once the last counts.

    Args:
      triggers: the events.
      call: maps the settings of the inputs to a list with a value of each output.
      inputs: components.
      outputs: components.

    Returns:
      The event, for what follows it.
    """

    @functools.wraps(call)
    def answer(*settings: Any) -> Any:
        answers = call(*settings)
        return answers if len(outputs) > 1 else answers[0]  # One output takes a list as its value.

    return gr.on(
        triggers,
        answer,
        list(inputs),
        list(outputs),
        trigger_mode="always_last",
        show_progress="hidden",
    )
