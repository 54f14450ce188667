"""The controls of a label or of attributes: several views of one state."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.exclusive import NONE, exclusive_groups, title_and_choices
from jmvae_tf.demo.page_controls import live
from jmvae_tf.demo.plain_words import title_of, words_of
from jmvae_tf.export_format.one_hot import one_hot

_MOST_BUTTONS = 30  # Classes; more are a list to choose from.
_SLIDERS_IN_A_ROW = 2

Show = Callable[..., list[Any]]


class ValueControls:
    """The controls of one label or one set of attributes.

    A label is a choice of one class. Attributes are boxes to tick, choices of one where they
    exclude each other, and sliders that say how much of each. All of them show the same values: a
    change of one changes the others, and of attributes that exclude each other the last one stays.

    Attributes:
      components: the controls; empty if the model has neither.

    Args:
      model: the model, which has a label or attributes.
      pairs: which attributes exclude each other, see `exclusive_pairs`.
      values: the initial values, [values].
      name: a name that tells these controls from others of the page.
    """

    def __init__(self, model: DemoModel, pairs: np.ndarray, values: np.ndarray, name: str) -> None:
        self._model = model
        self._pairs = pairs
        self._groups = [] if model.is_of_labels else exclusive_groups(pairs)
        grouped = {place for group in self._groups for place in group}
        self._single = [x for x in range(len(values)) if x not in grouped]
        self.components: list[Any] = self._made(self.settings(values), name)

    def _made(self, settings: Sequence[Any], name: str) -> list[Any]:
        names = self._model.value_names
        if self._model.is_of_labels:
            choice = gr.Radio if len(names) <= _MOST_BUTTONS else gr.Dropdown
            classes = [(words_of(x), number) for number, x in enumerate(names)]
            other = self._model.other
            label = title_of(other) if other else ""
            return [choice(classes, value=settings[0], label=label, elem_id=f"{name}-class")]
        made: list[Any] = []
        for number, group in enumerate(self._groups):
            title, words = title_and_choices([names[place] for place in group])
            choices = [*zip(words, group, strict=True), ("None of these", NONE)]
            made.append(
                gr.Radio(
                    choices, value=settings[number], label=title, elem_id=f"{name}-group{number}"
                )
            )
        boxes = [(words_of(names[place]), place) for place in self._single]
        made.append(
            gr.CheckboxGroup(
                boxes, value=settings[len(made)], label="Also", elem_id=f"{name}-boxes"
            )
        )
        with gr.Accordion("How much of each", open=False, elem_id=f"{name}-how-much"):
            return made + self._sliders(settings[len(made) :], name)

    def _sliders(self, settings: Sequence[float], name: str) -> list[Any]:
        low, high = self._model.limits
        sliders = []
        for start in range(0, len(settings), _SLIDERS_IN_A_ROW):
            with gr.Row():
                for place in range(start, min(start + _SLIDERS_IN_A_ROW, len(settings))):
                    sliders.append(
                        gr.Slider(
                            low,
                            high,
                            settings[place],
                            step=0.01,
                            precision=2,
                            label=words_of(self._model.value_names[place]),
                            elem_id=f"{name}-{place}",
                            elem_classes="how-much",
                            min_width=130,
                            buttons=[],
                        )
                    )
        return sliders

    def settings(self, values: np.ndarray) -> list[Any]:
        """Converts values, [values], to the settings of the components."""
        if self._model.is_of_labels:
            return [int(values.argmax())]
        clipped = np.clip(values, *self._model.limits)
        has = self._model.has(clipped)
        chosen = [next((x for x in group if has[x]), NONE) for group in self._groups]
        ticked = [place for place in self._single if has[place]]
        return [*chosen, ticked, *(round(float(x), 2) for x in clipped)]

    def values(self, settings: Sequence[Any]) -> np.ndarray:
        """Converts the settings of the components to values, float32 [values]."""
        number = len(self._model.value_names)
        if self._model.is_of_labels:
            return one_hot(int(settings[0]), number)
        values = np.asarray(settings[-number:], np.float32)
        return np.clip(values, *self._model.limits)

    def without_contradictions(
        self, values: np.ndarray, added: np.ndarray | None = None
    ) -> np.ndarray:
        """Takes away attributes that others exclude.

        Args:
          values: [values].
          added: whether an attribute has just been added and therefore stays, bool [values]; of
            others the clearest stay.
        """
        values = values.copy()
        newly = np.zeros(len(values), bool) if added is None else added
        for place in sorted(range(len(values)), key=lambda x: (not newly[x], -values[x])):
            if self._model.has(values)[place]:
                values[self._pairs[place] & self._model.has(values)] = self._model.no_and_yes[0]
        return values

    def on_change(self, show: Show, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Keeps the controls the same, and shows something when a person changes one.

        Args:
          show: maps values, [values], and the settings of the inputs to those of the outputs.
          inputs: further components.
          outputs: what is shown.
        """
        if self._model.is_of_labels:

            def chosen(*settings: Any) -> list[Any]:
                return show(self.values(settings[:1]), *settings[1:])

            live(_inputs_of(self.components), chosen, [*self.components, *inputs], outputs)
            return
        number = len(self._groups) + 1
        given, shown = [*self.components, *inputs], [*self.components, *outputs]

        def ticked(*settings: Any) -> list[Any]:
            return self._changed(settings, show, by_slider=False)

        def slid(*settings: Any) -> list[Any]:
            return self._changed(settings, show, by_slider=True)

        live(_inputs_of(self.components[:number]), ticked, given, shown)
        live(_inputs_of(self.components[number:]), slid, given, shown)

    def _changed(self, settings: Sequence[Any], show: Show, by_slider: bool) -> list[Any]:
        own, others = settings[: len(self.components)], settings[len(self.components) :]
        values, wanted = self.values(own), self._wanted(own)
        has, (no, yes) = self._model.has(values), self._model.no_and_yes
        if by_slider:
            added = has & ~wanted
        else:
            added = wanted & ~has
            values = np.where(added, yes, np.where(has & ~wanted, no, values)).astype(np.float32)
        values = self.without_contradictions(values, added)
        # What is right already is left alone, as its next change may be on its way.
        updates = [
            gr.skip() if old == new else new
            for old, new in zip(own, self.settings(values), strict=True)
        ]
        return [*updates, *show(values, *others)]

    def _wanted(self, settings: Sequence[Any]) -> np.ndarray:
        """Tells which attributes are ticked or chosen, bool [values]."""
        wanted = np.zeros(len(self._model.value_names), bool)
        *chosen, ticked = settings[: len(self._groups) + 1]
        wanted[[*ticked, *(x for x in chosen if x not in (NONE, None))]] = True
        return wanted


def _inputs_of(controls: Sequence[Any]) -> list[Any]:
    """Returns the events of a person's changes; those that the page makes are none."""
    return [control.input for control in controls]
