"""How users start programs: bin/NAME in a checkout, jmvae-tf NAME from an installed wheel.

Texts of this package say bin/NAME. What a user reads says it as that user starts programs.
"""

import re

_CHECKOUT = "bin/"
_IN_A_TEXT = re.compile(rf"(?<![\w./]){_CHECKOUT}(?!(?:test|docs|lib)\b)(?=[a-z])")

_prefix = _CHECKOUT


def start_programs_with(prefix: str) -> None:
    """Sets how this process was started, such as "jmvae-tf " for jmvae-tf NAME."""
    global _prefix
    _prefix = prefix


def as_started(text: str) -> str:
    """Returns a text whose bin/NAME are spelled as this process was started."""
    return _IN_A_TEXT.sub(lambda _: _prefix, text)
