"""Lays out the page: one for each model, with a tab for each thing that it can do."""

import pathlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import gradio as gr

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.any_subset import AnySubset
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.demo.draw_tab import DrawTab
from jmvae_tf.demo.generate_tab import generate_tab
from jmvae_tf.demo.map_tab import MapTab
from jmvae_tf.demo.model_on_page import ModelOnPage
from jmvae_tf.demo.pad import has_pad
from jmvae_tf.demo.read_tab import ReadTab
from jmvae_tf.demo.uploads import FORGOTTEN_AFTER
from jmvae_tf.demo.walk_tab import WalkTab
from jmvae_tf.export_format.shipped_models import SHIPPED_TITLES

_LOOKED_FOR_EVERY = 60  # Seconds between removals of old files.
_SEVERAL = "jmvae_tf: models to try"
_LONGEST_CARD = 2**16  # Characters.
_HEADING = re.compile("^(#{1,5} )", re.MULTILINE)


class ShownExport(NamedTuple):
    """An exported model to show.

    Attributes:
      export: the model.
      name: its name, of letters, digits, "-", "_" and ".".
      crops_faces: whether to find and crop faces in photographs by default.
    """

    export: LoadedExport
    name: str
    crops_faces: bool


def page(exports: Sequence[ShownExport]) -> gr.Blocks:
    """Builds the pages of models, each with only what its model can do.

    A model of one image, and one label or attributes, has tabs to draw, edit and walk, and a map.
    Other models have a tab that generates everything from any of their modalities.

    Args:
      exports: the models, the first of which is shown first.

    Raises:
      UserError: if the page cannot show a model.
    """
    first, *others = exports
    forgets = (_LOOKED_FOR_EVERY, FORGOTTEN_AFTER)
    title = _SEVERAL if others else _title(first.name)  # The library has one for all pages.
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=forgets) as blocks:
        gr.Navbar(main_page_name=_title(first.name), visible=bool(others))
        _page_of(first, "")
    for other in others:
        with blocks.route(_title(other.name), f"/{other.name}"):
            gr.Navbar(main_page_name=_title(first.name))
            _page_of(other, other.name)
    return blocks


def _page_of(shown: ShownExport, path: str) -> None:
    """Makes the page of one model, which has a path, where the page is at this moment."""
    model = DemoModel.of(shown.export)
    covered = {x.name for x in (model.image, model.other) if x} if model else set()
    rest = None if covered == set(shown.export.modalities) else AnySubset(shown.export)
    gr.Markdown(f"# {_heading(model)}", elem_id="lead")
    with gr.Tabs(overflow_behavior="wrap"):
        if rest:
            with gr.Tab("Generate"):
                gr.Markdown("**Give it anything you know**, and it generates the rest.")
                generate_tab(rest, shown.crops_faces)
        if model:
            _tabs(ModelOnPage(model, shown.name, shown.crops_faces, path))
        with gr.Tab("About"):
            gr.Markdown(_card(shown), elem_id="card")


def _tabs(shown: ModelOnPage) -> None:
    """Makes the tabs of an image, and of the label or the attributes beside it."""
    model = shown.model
    if model.can("draw"):
        with gr.Tab("Draw"):
            todo = "Choose another one" if model.is_of_labels else "Tick something"
            gr.Markdown(
                f"Nobody drew this picture: the model made it up. **{todo}, or press Surprise me.**"
            )
            DrawTab(shown)
    if model.can("edit"):
        with gr.Tab("Read and edit"):
            todo = "Draw or click a picture" if has_pad(model.image) else "Click a picture"
            gr.Markdown(f"The model says what it sees. **{todo}, then change it.**")
            ReadTab(shown)
    elif model.can("read") or model.can("rebuild"):
        with gr.Tab("Read"):
            gr.Markdown("**Choose a picture**, and see what the model makes of it.")
            ReadTab(shown)
    if model.can("draw"):
        with gr.Tab("Walk"):
            gr.Markdown("Every step on the way is a picture. **Move the slider.**")
            WalkTab(shown)
    if shown.has_map:
        with gr.Tab("Map"):
            gr.Markdown(
                "Where the model keeps its pictures: like ones lie close together. "
                "**Click anywhere to see what lies there.**"
            )
            MapTab(shown)


def _heading(model: DemoModel | None) -> str:
    if model is None:
        return "One model that fills in what is missing"
    if not model.can("draw"):
        return "A model that reads pictures"
    return "One model that draws pictures and reads them"


def _title(name: str) -> str:
    """Returns a readable title for the name of an export."""
    if name in SHIPPED_TITLES:
        return SHIPPED_TITLES[name]
    data, _, model = name.partition("-")
    return f"{data[:1].upper()}{data[1:]}" + (
        f" ({model.replace('_', '-').upper()})" if model else ""
    )


def _card(shown: ShownExport) -> str:
    """Reads the card of a model, which lies in the folder of its version or, if shipped, above."""
    version = shown.export.version
    text = _text_of(version / "model_card.md")
    if not text and (version.parent / "card.json").is_file():
        text = _text_of(version.parent / "README.md")
    if text:
        return _HEADING.sub(r"#\1", text)  # The page has a first heading already.
    modalities = ", ".join(x.name for x in shown.export.modalities.values())
    return f"{shown.name}, version {version.name}: a model of {modalities}. It has no card."


def _text_of(path: pathlib.Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LONGEST_CARD)
    except (OSError, UnicodeError):
        return ""
