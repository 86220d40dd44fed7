"""The parser's errors in plain sentences, the same whichever of its two implementations is installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

TAB = "a tab stands where only blanks may; use blanks, or put text that holds a tab in quotes"
SECOND = "a second document begins here; a file holds one, so remove this line and the rest"
DIRECTIVE = "a line that begins with % is not read; remove it, or put text in quotes"
_START = "a value cannot begin with {character!r}; put it in quotes"
_UNCLOSED = "this bracket is not closed; close it"
_UNREADABLE = "this cannot be read; check the indentation, the quotes and the brackets on this line and the one before"

# What the error says, in the words of either implementation; what to tell the user; and whether to point at the
# beginning of what was being read rather than at the place where reading broke off. The first match counts.
_SENTENCES = tuple(
    (re.compile(pattern), sentence, at_beginning)
    for pattern, sentence, at_beginning in (
        (r"scanning an (?:alias|anchor)", 'a value cannot begin with "*" or "&"; put it in quotes', True),
        (r"scanning a tag|tag handle", 'a value cannot begin with "!"; put it in quotes', True),
        (r"directive", DIRECTIVE, False),
        (r"document start", SECOND, False),
        (r"block scalar", 'only a comment may follow "|" or ">" on its line; begin the text on the next one', False),
        (r"escape|hexdecimal", "inside \"…\" a backslash begins a special character; write two, or use '…'", False),
        (r"unexpected (?:end of stream|document)", "these quotes are not closed; add the closing quote", True),
        (r"mapping values", 'a second ":" stands here; put the text in quotes, or check the indentation', False),
        (r"sequence entries", 'a list item cannot begin here; put each "- " on a line of its own', False),
        (r"mapping keys", 'a value cannot begin with "? "; put it in quotes', False),
        (r"expected ':'", 'a ":" is missing here; write `key: value`', True),
        (r"node content", "{character!r} stands where a value should; put text in quotes, or remove it", False),
        (r"flow|',' or", "a comma or a closing bracket is missing; check the list from line {opened} to here", False),
        (r"block", "this does not fit the lines above; check the indentation, and the quotes if there are any", False),
    )
)

_COMMENT_OR_TAB = re.compile(r"(?<!\S)#[^\r\n]*|\t")


def explain(error: Exception, text: str, last: tuple[int, int]) -> tuple[int, int, str]:
    """Line and column, from 0, and a sentence for the user.

    Parameters
    ----------
    error : Exception
        What the parser raised.
    text : str
        The text that it was reading.
    last : tuple of int
        Line and column, from 0, of what it had read last; the place for an error that has none.
    """
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        return *last, _UNREADABLE
    opened: Any = getattr(error, "context_mark", None) or mark
    problem = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or ''}"
    character = text[mark.index : mark.index + 1]
    if character == "\t" and "block scalar" not in problem:
        return mark.line, mark.column, TAB
    if "cannot start any token" in problem:
        return mark.line, mark.column, _START.format(character=character)
    if not character and "flow" in problem:
        return opened.line, opened.column, _UNCLOSED
    for pattern, sentence, at_beginning in _SENTENCES:
        if pattern.search(problem):
            place = opened if at_beginning else mark
            return place.line, place.column, sentence.format(character=character, opened=opened.line + 1)
    return mark.line, mark.column, _UNREADABLE


def stray_tab(text: str, quoted: Iterable[tuple[int, int]]) -> int | None:
    """Index of the first tab outside quotes, block texts and comments, if any.

    One implementation of the parser reads such tabs as blanks and the other refuses them; here they are always refused.

    Parameters
    ----------
    text : str
        A text that the parser accepted.
    quoted : iterable of tuple of int
        Where its quoted and block texts begin and end, in order.
    """
    parts, at = [], 0
    for start, end in quoted:
        parts += [text[at:start], "\n" * (end - start)]  # a line end, so that a # right behind begins a comment
        at = end
    outside = "".join([*parts, text[at:]])
    return next((match.start() for match in _COMMENT_OR_TAB.finditer(outside) if match.group() == "\t"), None)
