"""What README and the pages of docs/ show: blocks of code, and commands."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from tests.helpers.paths import ROOT

PAGES = [
    *("README.md", "CONTRIBUTING.md", "serving/README.md"),
    *sorted(x.relative_to(ROOT).as_posix() for x in (ROOT / "docs").rglob("*.md")),
]
"""The pages that show how something is done, as paths in the repository."""

_BLOCK = re.compile(r"^( *)(<!-- run -->\s+)?```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`((?:bin/|jmvae-tf )[^`]*)`(?!`)")
_HEREDOC = re.compile(r"<<-?'?(\w+)'?(.*?\n).*?^\1$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(
    r"(time )?(\.venv/bin/python )?(bin/\w+( |$)|(benchmarks|tools|examples)/\w+\.py|docker run )"
    r"|jmvae-tf "
)


class Block(NamedTuple):
    """A block of code.

    Attributes:
      language: the word behind its fence.
      code: its lines.
      runs: whether `<!-- run -->` stands before it: a test runs its commands.
    """

    language: str
    code: str
    runs: bool


def blocks(page: str, *languages: str) -> list[Block]:
    """Returns the blocks of a page that are written in some languages, in order."""
    text = (ROOT / page).read_text("utf-8")
    found = [
        Block(language, re.sub(f"^{indent}", "", code, flags=re.MULTILINE), bool(runs))
        for indent, runs, language, code in _BLOCK.findall(text)
    ]
    return [block for block in found if block.language in languages]


def python_programs(page: str) -> list[str]:
    """Returns the Python of a page: a block that begins with an import begins a new program."""
    programs: list[str] = []
    for block in blocks(page, "python"):
        if block.code.startswith(("import ", "from ")) or not programs:
            programs.append(block.code)
        else:
            programs[-1] += block.code
    return programs


def commands(page: str) -> Iterator[list[str]]:
    """Yields the words of each command of a page that starts something of this repository.

    These are the commands of shell blocks, and those within sentences.
    """
    text = (ROOT / page).read_text("utf-8")
    lines = [" ".join(x.split()) for x in _INLINE.findall(text)]
    for block in blocks(page, "sh", "bash"):
        shell = _HEREDOC.sub(r"\2", block.code).replace("\\\n", " ")
        lines += [line.strip() for line in shell.splitlines()]
    for line in lines:
        if _COMMAND.match(line):
            words = shlex.split(line, comments=True)
            yield [x for x in words if x not in ("time", ".venv/bin/python")]
