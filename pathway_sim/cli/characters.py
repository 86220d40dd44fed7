"""Which characters reach the screen."""

from __future__ import annotations

import codecs
import sys

PLAIN = {"−": "-", "–": "-", "─": "-", "…": "...", "×": "x"}
"""What stands for characters that the screen's encoding does not have; a question mark for the rest."""


def visible(text: str) -> str:
    """The text with control characters as escapes; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) else f"\\x{ord(c):02x}" for c in text)


def accept_any_encoding() -> None:
    """Let standard output and error replace what their encoding cannot show, rather than fail."""
    codecs.register_error("pathway_sim", _plain)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="pathway_sim")


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    return "".join(PLAIN.get(character, "?") for character in lost), error.end
