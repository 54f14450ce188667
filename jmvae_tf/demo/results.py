"""Shows generated modalities by their kinds: images, charts, tables and texts."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np

from jmvae_tf.demo.page_controls import gallery_box, picture_box
from jmvae_tf.demo.pictures import for_screen
from jmvae_tf.demo.plain_words import distinct_words, words_of
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.texts import texts_of_events
from jmvae_tf.export_format.value_names import names_or_numbers

_MOST_CLASSES = 15  # Shown, the likeliest.
_MOST_ROWS = 200  # Of a table.


class ResultBoxes:
    """The boxes that show a generated modality.

    Attributes:
      modality: the modality.
      components: the boxes, hidden until there is something to show.

    Args:
      modality: the modality.
    """

    def __init__(self, modality: DescribedModality) -> None:
        self.modality = modality
        self.components: list[Any] = self._made()

    def _made(self) -> list[Any]:
        name, kind = self.modality.name, self.modality.kind
        title = words_of(name)
        if kind == "image":
            average = picture_box(f"{title}: average", f"result-{name}", visible=False)
            more = gallery_box(f"{title}: samples", f"samples-{name}", visible=False)
            return [average, more]
        if kind == "label":
            chart = gr.Label(
                label=title,
                num_top_classes=_MOST_CLASSES,
                visible=False,
                elem_id=f"result-{name}",
            )
            return [chart]
        if kind == "text":
            box = gr.Textbox(
                label=title, interactive=False, visible=False, elem_id=f"result-{name}"
            )
            return [box]
        headers = self._headers()
        table = gr.Dataframe(
            headers=headers,
            show_label=False,
            datatype="str",
            interactive=False,
            visible=False,
            elem_id=f"result-{name}",
            column_count=len(headers),
            buttons=[],
        )
        return [table]

    def hidden(self) -> list[Any]:
        """Returns the updates that hide the boxes."""
        return [gr.update(visible=False) for _ in self.components]

    def shown(self, mean: np.ndarray, samples: np.ndarray | None) -> list[Any]:
        """Returns the updates that show a modality.

        Args:
          mean: its mean, [*event_shape].
          samples: samples of an image, [number, *event_shape]; None for none.
        """
        updates = [gr.update(value=self._content(mean), visible=True)]
        if self.modality.kind == "image":
            pictures = [] if samples is None else [for_screen(x, self.modality) for x in samples]
            updates.append(gr.update(value=pictures, visible=bool(pictures)))
        return updates

    def _content(self, mean: np.ndarray) -> Any:
        modality = self.modality
        if modality.kind == "image":
            return for_screen(mean, modality)
        if modality.kind == "text":
            [text] = texts_of_events(mean[np.newaxis], modality.value_names)
            return text
        names = names_or_numbers(modality)
        if modality.kind == "label":
            return dict(zip(distinct_words(names), mean.tolist(), strict=True))
        return {"data": self._rows(names, mean.ravel()), "headers": self._headers()}

    def _headers(self) -> list[str]:
        title = words_of(self.modality.name)
        if self.modality.kind == "attributes":
            return [title, "Probability of yes", "Yes or no"]
        return [title, "Value"]

    def _rows(self, names: Sequence[str], values: np.ndarray) -> list[list[str]]:
        if self.modality.kind == "attributes":
            order = np.argsort(-values, kind="stable")
            verdicts = np.where(values > self.modality.threshold, "yes", "no")
            chances = self.modality.probability_of_yes(values)
            return [[names[x], f"{chances[x]:.3f}", str(verdicts[x])] for x in order]
        shown = zip(names[:_MOST_ROWS], values[:_MOST_ROWS], strict=True)
        rows = [[name, f"{x:.5g}"] for name, x in shown]
        if len(values) > _MOST_ROWS:
            rest = f"{len(values) - _MOST_ROWS} more"
            rows.append([rest, f"from {values.min():.5g} to {values.max():.5g}"])
        return rows
