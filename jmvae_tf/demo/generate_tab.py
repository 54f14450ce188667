"""Lays out the tab that generates all modalities from any subset of them."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.any_subset import AnySubset
from jmvae_tf.demo.given_controls import GivenControl, given_control
from jmvae_tf.demo.results import ResultBoxes

_SAMPLES = 6


def generate_tab(model: AnySubset, crops_faces: bool) -> None:
    """Makes the tab: a control for each modality, and a result for each that is not given.

    Args:
      model: the model.
      crops_faces: whether to find and crop faces in photographs by default.
    """
    with gr.Row(elem_classes="given-and-results"):
        with gr.Column(scale=3):
            made = [given_control(model.modalities[x], crops_faces) for x in model.givable]
            controls = [control for control in made if control is not None]
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=2**31 - 1)
        with gr.Column(scale=4, elem_classes="results"):
            status = gr.Textbox(
                _asked(model), label="Generated", interactive=False, elem_id="status"
            )
            results = [ResultBoxes(model.modalities[name]) for name in model.targets]

    def show(seed: float | None, *settings: Any) -> list[Any]:
        try:
            given = {
                control.modality.name: values
                for control, part in _parts(controls, settings)
                if (values := control.values(part)) is not None
            }
            return [*_answers(model, results, given, int(seed or 0))]
        except ValueError as error:
            return [str(error), *(update for result in results for update in result.hidden())]

    inputs = [seed, *(box for control in controls for box in control.components)]
    outputs = [status, *(box for result in results for box in result.components)]
    changed = [box.change for box in inputs]
    gr.on(changed, show, inputs, outputs, trigger_mode="always_last", show_progress="hidden")


def _parts(
    controls: Sequence[GivenControl], settings: Sequence[Any]
) -> Iterator[tuple[GivenControl, Sequence[Any]]]:
    """Yields each modality's controls with their settings."""
    start = 0
    for control in controls:
        end = start + len(control.components)
        yield control, settings[start:end]
        start = end


def _answers(
    model: AnySubset, results: Sequence[ResultBoxes], given: dict[str, np.ndarray], seed: int
) -> Iterator[Any]:
    """Yields the status, then the updates of all results."""
    targets = model.targets_of(given)
    if targets:
        yield f"{' and '.join(targets)} from {' and '.join(given)}"
    else:
        yield _asked(model, list(given))
    for result in results:
        name = result.modality.name
        if name not in targets:
            yield from result.hidden()
            continue
        samples = None
        if model.can_sample(name, given):
            samples = model.samples(name, given, seed, _SAMPLES)
        yield from result.shown(model.mean(name, given), samples)


def _asked(model: AnySubset, given: Sequence[str] = ()) -> str:
    if not given:
        return f"give one or more of {', '.join(model.givable)}"
    if len(given) == len(model.modalities):
        return "leave something out, which is then generated"
    return f"this export generates nothing from {' and '.join(given)} together"
