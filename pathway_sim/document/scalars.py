"""Characters and single values: what may stand in a document, and what unquoted text means.

The rules are those of YAML 1.2's core schema without its null, so that ``no`` is text and not a truth value.
"""

from __future__ import annotations

import math
import re
from itertools import islice

MAX_TEXT = 2_000
MAX_KEY = 120
MAX_DIGITS = 19
MAX_DEPTH = 32
EMPTY = "the file is empty; write at least one line such as `title: My program`"

# Control characters; lone surrogates; line separators, which some readers count as lines and others do not;
# characters that reorder text on the screen; marks and non-characters that have no business inside a text.
_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
FORBIDDEN = re.compile(f"[{_FORBIDDEN}]")
_UNSEEN = re.compile(f"[{_FORBIDDEN}\t\n\r]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NULLS = {"", "~", "null", "Null", "NULL"}
_WORDS = {"true": True, "false": False}


def resolve(text: str) -> str | int | float | bool:
    """What unquoted text means.

    Raises
    ------
    ValueError
        With a sentence for the user, if it stands for nothing or for a number that cannot be kept.
    """
    if text in _NULLS:
        raise ValueError("there is no value here; write a value or leave the key out")
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a number that can be used; write a finite number or leave the key out")
    return text


def _integer(text: str) -> int:
    digits = len(text.lstrip("+-"))
    if digits > MAX_DIGITS:
        raise ValueError(f"this number has {digits} digits; write at most {MAX_DIGITS}, or a power of ten such as 1e6")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{shorten(text)} is too large; the largest number is about 1.8e308")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise ValueError(f"{shorten(text)} is too small to keep; write 0 if nothing is meant")
    return value


def shorten(text: str, limit: int = 60) -> str:
    """The text, or its beginning and an ellipsis; on one line."""
    return visible(text if len(text) <= limit else f"{text[: limit - 1]}…")


def visible(text: str) -> str:
    """The text with every character that could disturb a line of output replaced by a question mark."""
    return _UNSEEN.sub("?", text)


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of a text."""
    ends = [match.end() for match in _LINE_END.finditer(text, 0, index)]
    return len(ends) + 1, index - (ends[-1] if ends else 0) + 1


def bad_characters(text: str, limit: int = 20) -> list[tuple[int, str]]:
    """Index and complaint for the first characters that may not stand in a document."""
    return [(match.start(), _complaint(match.group())) for match in islice(FORBIDDEN.finditer(text), limit)]


def _complaint(character: str) -> str:
    code = f"U+{ord(character):04X}"
    if character == "\ufeff":
        return f"a byte-order mark ({code}) may only be the very first character of a file; remove it here"
    if "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069":
        return f"the invisible character {code} makes text read differently from what is stored; remove it"
    if "\u2028" <= character <= "\u2029":
        return f"the line separator {code} is not read as a new line everywhere; use an ordinary line end"
    return f"the control character {code} may not stand in a scenario; remove it"
