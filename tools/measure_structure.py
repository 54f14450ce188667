#!/usr/bin/env python3
"""Measures how easy the package is to navigate, and reports what exceeds a limit.

Usage: python tools/measure_structure.py; the exit status is 1 if anything exceeds its limit.

It counts entries at the package's top, lines of modules and classes, public names that two modules
define, runs of equal lines in two places, and lines with the name of a modality of today's data.
"""

import argparse
import ast
import collections
import pathlib
import re
import sys

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "jmvae_tf"
MOST_ENTRIES, MOST_MODULE_LINES, MOST_CLASS_LINES = 22, 400, 300
EQUAL_LINES = 6
MOST_NAMED = 20

# Every program has a main and examples; every data set a function load and its modalities.
INTERFACE = {"main", "EXAMPLES", "load", "modalities"}

# The modules of today's data, the papers' settings and the papers' tables.
MAY_NAME_DATA = ("data/", "presets", "reproduction/")
# Kinds do not count as names: they are compared with a kind, passed as one, or one of several.
OF_KIND = re.compile(r"kind|Literal|KINDS")


def modules():
    """Maps the path of each module in the package to its lines."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text().splitlines()
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def public_names(tree):
    """Lists a module's top-level names without a leading underscore."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def functions_by_line(tree):
    """Maps line numbers to the name of the method around them."""
    return {
        line: node.name
        for parent in ast.walk(tree)
        if isinstance(parent, ast.ClassDef)
        for node in parent.body
        if isinstance(node, ast.FunctionDef)
        for line in range(node.lineno, node.end_lineno + 1)
    }


def code_lines(lines, tree):
    """Lists code lines by number, without comments, imports, docstrings and signatures."""
    strings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            strings.update(range(node.lineno, node.end_lineno + 1))
        if isinstance(node, ast.Import | ast.ImportFrom):
            strings.update(range(node.lineno, node.end_lineno + 1))
        if isinstance(node, ast.FunctionDef):
            strings.update(range(node.lineno, node.body[0].lineno))
    return [
        (number, text.strip())
        for number, text in enumerate(lines, start=1)
        if number not in strings and text.strip() and not text.strip().startswith("#")
    ]


def repeated(sources, trees):
    """Yields runs of equal lines in two places, except in methods that override each other."""
    places = collections.defaultdict(list)
    for name, lines in sources.items():
        methods, code = functions_by_line(trees[name]), code_lines(lines, trees[name])
        for start in range(len(code) - EQUAL_LINES + 1):
            part = code[start : start + EQUAL_LINES]
            text = tuple(line for _, line in part)
            if sum(len(line) > 2 for line in text) == EQUAL_LINES:  # Brackets alone say nothing.
                places[text].append((name, part[0][0], methods.get(part[0][0])))
    for found in places.values():
        for one in found[1:]:
            if one[2] is None or one[2] != found[0][2] or one[0] == found[0][0]:
                yield f"{found[0][0]}:{found[0][1]} and {one[0]}:{one[1]}"


def naming_data(sources, trees):
    """Lists lines that contain the name of one of today's modalities."""
    name_of_data = "(image|label|attributes)"
    literal = re.compile(f"""["']{name_of_data}(_to_{name_of_data})?["']""")
    for name, lines in sources.items():
        if not name.startswith(MAY_NAME_DATA):
            for number, line in code_lines(lines, trees[name]):
                if literal.search(line) and not OF_KIND.search(line):
                    yield f"{name}:{number}: {line}"


def main():
    """Runs the program."""
    helping = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, formatter_class=helping).parse_args()
    sources = modules()
    trees = {name: ast.parse("\n".join(lines)) for name, lines in sources.items()}
    entries = [path for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    classes = {
        f"{name}: {node.name}": node.end_lineno - node.lineno + 1
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    longest = max(sources, key=lambda name: len(sources[name]))
    largest = max(classes, key=lambda name: classes[name])
    defined = collections.defaultdict(list)
    for name, tree in trees.items():
        for public in set(public_names(tree)):
            if not public.startswith("_") and public not in INTERFACE:
                defined[public].append(name)
    twice = {public: where for public, where in defined.items() if len(where) > 1}
    runs, named = list(repeated(sources, trees)), list(naming_data(sources, trees))
    print(f"entries at the top: {len(entries)} (at most {MOST_ENTRIES})")
    print(f"modules: {len(sources)}, {sum(map(len, sources.values()))} lines")
    print(f"longest module: {longest}, {len(sources[longest])} (at most {MOST_MODULE_LINES})")
    print(f"longest class: {largest}, {classes[largest]} (at most {MOST_CLASS_LINES})")
    print(f"public names that two modules define: {len(twice)}")
    print(*(f"  {public}: {', '.join(where)}" for public, where in twice.items()), sep="\n", end="")
    print(f"\nruns of {EQUAL_LINES} equal lines in two places: {len(runs)}")
    print(*(f"  {run}" for run in runs), sep="\n", end="")
    print(f"\nlines that name a modality of today's data: {len(named)} (at most {MOST_NAMED})")
    print(*(f"  {line}" for line in named), sep="\n")
    over = (
        len(entries) > MOST_ENTRIES
        or len(sources[longest]) > MOST_MODULE_LINES
        or classes[largest] > MOST_CLASS_LINES
        or bool(twice or runs)
        or len(named) > MOST_NAMED
    )
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
