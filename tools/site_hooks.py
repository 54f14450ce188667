"""Hooks of the documentation site, which mkdocs.yml names: pages from outside docs/, and formulas.

README.md and other files of the repository's root are pages too. GitHub and the site show the same
text: links are written for GitHub and changed here. Files that have no page, such as modules, are
named on the site and not linked.

Formulas are fences of the language `math`, which GitHub shows as well. Here they become MathML,
which browsers show without a script.
"""

import os
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File

_ROOT = Path(__file__).resolve().parent.parent
_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Maps files of the repository's root to the names of their pages."""

_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!https?:|#)([^)#\s]*)(#[^)\s]*)?\)")
_IMAGE = re.compile(r"(!\[[^\]]*\]\()(?!https?:)([^)\s]*)\)")


def on_config(config: Any) -> Any:
    """Adds the language `math` to the fences that the Markdown extension knows."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {})
    fences["custom_fences"] = [{"name": "math", "class": "math", "format": _formula}]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages that are files of the repository's root."""
    for source, name in _PAGES.items():
        text = (_ROOT / source).read_text("utf-8")
        files.append(File.generated(config, name, content=_relinked(text, _ROOT)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Changes links of the pages in docs/."""
    if page.file.generated_by is not None:
        return markdown
    return _relinked(markdown, (Path(config.docs_dir) / page.file.src_uri).parent)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Changes links of the notebook, which does not come as Markdown."""
    if not page.file.src_uri.endswith(".ipynb"):
        return html
    return re.sub(r'href="([\w/]+)\.md', r'href="\1.html', html)


def _relinked(markdown: str, folder: Path) -> str:
    """Makes links in a file of a folder of the repository links of the site."""
    docs = _ROOT / "docs"

    def target(link: str) -> str | None:
        path = Path(os.path.normpath(folder / link))
        if path.parent == _ROOT and path.name in _PAGES:
            path = docs / _PAGES[path.name]
        if not path.is_relative_to(docs):
            return None
        return os.path.relpath(path, docs if folder == _ROOT else folder)

    def link(found: re.Match[str]) -> str:
        text, path, anchor = found.groups()
        place = target(path)
        return text if place is None else f"[{text}]({place}{anchor or ''})"

    def image(found: re.Match[str]) -> str:
        return f"{found.group(1)}{target(found.group(2)) or found.group(2)})"

    return _IMAGE.sub(image, _LINK.sub(link, markdown))


def _formula(source: str, *_: Any, **__: Any) -> str:
    return f'<div class="formula">{convert(source.strip(), display="block")}</div>'
