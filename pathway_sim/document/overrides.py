"""The one way to override: a document over a document, key by key."""

from __future__ import annotations

import re

from pathway_sim.document.nodes import Mapping, Node, Origin, Scalar, plain
from pathway_sim.document.scalars import MAX_DEPTH, MAX_TEXT, shorten
from pathway_sim.document.syntax import characters, parse
from pathway_sim.errors import Problem, ScenarioError

MAX_SET = 4_000
DEFINING = ("kind", "value", "evidence", "quantity", "rule")
"""Keys that make a mapping a number of its own, which replaces what it is laid over."""
FACTS = {
    "stages": ("after", "if"),
    "effects": ("if",),
    "carved": ("from", "to", "share", "given"),
    "intervals": ("from", "to"),
}
"""Where a section has facts: a join of facts replaces another as a whole."""
JOINS = frozenset({"all", "any", "not"})
EITHER = ("design", "duration")
"""Two forms of a stage: giving one takes the other away."""
CITATIONS = ("evidence", "regulation", "joined", "assumption")
BORROWED = {"evidence", "transfer", "joined"}  # with nothing else, the evidence is the number and not its citation
_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_IDS = "a path is made of names joined by dots, such as stages.phase_2.duration"


def overlay(base: Mapping, over: Mapping) -> Mapping:
    """The base with everything that ``over`` says.

    Mappings merge key by key; single values and lists replace. A mapping that says what a number is (it has one of the
    keys ``value``, ``evidence``, ``kind``, ``quantity``, ``rule``) replaces what it overrides as a whole. A stage
    merges unless it names another ``kind``. A number of which only a part is overridden loses its citations, which no
    longer justify it, and is marked as an assumption. Entries keep their origins.
    """
    return _merge(base, over, ())


def _merge(base: Mapping, over: Mapping, path: tuple[str, ...]) -> Mapping:
    entries, keys = dict(base.entries), dict(base.keys)
    for name, new in over.entries.items():
        old, here = entries.get(name), (*path, name)
        if isinstance(old, Mapping) and isinstance(new, Mapping) and _merges(old, new, here):
            entries[name] = _merge(old, new, here)
        else:
            entries[name], keys[name] = new, over.keys[name]
    for one, other in (EITHER, EITHER[::-1]) if len(path) == 2 and path[0] == "stages" else ():
        if one in over.entries and other not in over.entries:
            entries.pop(other, None)
    merged = Mapping(entries, {name: keys[name] for name in entries}, base.origin)
    return merged if _is_container(path) else _recite(base, over, merged)


def _is_container(path: tuple[str, ...]) -> bool:
    """Whether the path is the document, its stages or one of them: never a number, whatever its keys."""
    return not path or (path[0] == "stages" and len(path) <= 2)


def _merges(old: Mapping, new: Mapping, path: tuple[str, ...]) -> bool:
    """Whether a mapping adds to the one that it overrides, rather than replacing it."""
    if not _is_container(path):
        return not (any(key in new.entries for key in DEFINING) or "rule" in old.entries or _is_fact(old, new, path))
    if len(path) == 1 or "kind" not in new.entries or "kind" not in old.entries:
        return True
    return bool(plain(new.entries["kind"]) == plain(old.entries["kind"]))


def _is_fact(old: Mapping, new: Mapping, path: tuple[str, ...]) -> bool:
    """Whether one of two mappings at a path joins facts, so that their keys do not belong together."""
    if path[0] == "milestones":
        return len(path) == 2 and bool(JOINS & (old.entries.keys() | new.entries.keys()))
    return len(path) == 3 and path[2] in FACTS.get(path[0], ())


def _recite(base: Mapping, over: Mapping, merged: Mapping) -> Mapping:
    """The merged number without what no longer holds: a stated value of other parameters, and citations."""
    merged = _unstated(base, over, merged)
    cited = any(key in base.entries for key in CITATIONS)
    if not cited or base.entries.keys() <= BORROWED or (changed := _change(_uncited(base), _uncited(merged))) is None:
        return merged
    restated = {key for key in CITATIONS if key in over.entries}
    result = _uncited(merged, keep=restated)
    if not restated:
        result.entries["assumption"] = Scalar(f"changed by {changed}"[:MAX_TEXT], changed)
        result.keys["assumption"] = changed
    return result


def _unstated(base: Mapping, over: Mapping, merged: Mapping) -> Mapping:
    """The merged distribution without the value stated for its old parameters, unless the override states one."""
    kind = base.entries.get("kind")
    stated = "values" if isinstance(kind, Scalar) and kind.value == "dirichlet" else "value"
    if kind is None or stated not in base.entries or stated in over.entries:
        return merged
    if _change(_uncited(base), _uncited(merged)) is None:
        return merged
    entries = {name: node for name, node in merged.entries.items() if name != stated}
    return Mapping(entries, {name: merged.keys[name] for name in entries}, merged.origin)


def _uncited(node: Mapping, keep: set[str] | None = None) -> Mapping:
    names = [name for name in node.entries if name not in CITATIONS or name in (keep or ())]
    return Mapping({name: node.entries[name] for name in names}, {name: node.keys[name] for name in names}, node.origin)


def _change(old: Node | None, new: Node) -> Origin | None:
    """Where the first difference was stated, if any. Switching a thing on or off leaves its numbers as they were."""
    if old is not None and plain(old) == plain(new):
        return None
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new.origin
    differences = [_change(old.entries.get(name), node) for name, node in new.entries.items() if name != "enabled"]
    first = next((origin for origin in differences if origin is not None), None)
    return new.origin if first is None and old.entries.keys() - new.entries.keys() else first


def parse_set(text: str) -> Mapping:
    """An override from the command line, ``path=value``, as a nested mapping.

    Parameters
    ----------
    text : str
        Names joined by dots, an equals sign, and a value as a file would have it on one line.

    Raises
    ------
    ScenarioError
        If the path or the value cannot be read.
    """
    origin = Origin(f"--set {shorten(text, 120)}", 0, 0, "set")

    def place(_line: int, _column: int) -> Origin:
        return origin

    path, sign, value = text.partition("=")
    parts = path.strip().split(".")
    message = _set_complaint(text, sign, value, parts)
    problems = [origin.problem("", message)] if message else characters(text, place)
    node: Node | None = None
    if not problems:
        node, found = parse(value.strip(), place, flow_only=True)
        dotted = ".".join(parts)
        problems = [origin.problem(f"{dotted}.{each.path}".rstrip("."), each.message) for each in found]
    if problems or node is None:
        raise ScenarioError(problems or [origin.problem("", "there is no value after the =; write one")])
    return _nest(parts, node, origin)


def _set_complaint(text: str, sign: str, value: str, parts: list[str]) -> str | None:
    if len(text) > MAX_SET:
        return f"this override has {len(text):,} characters; at most {MAX_SET:,} are read, so use a file"
    if not sign:
        return "write path=value, such as stages.phase_2.duration=18 months"
    if "\n" in text or "\r" in text:
        return "an override stands on one line"
    if message := _path_complaint(parts, 0):
        return message
    return None if value.strip() else "there is no value after the =; write one"


def _path_complaint(parts: list[str], depth: int) -> str | None:
    for part in parts:
        if not _ID.fullmatch(part):
            return f'"{shorten(part)}" is not a name; {_IDS}'
    return f"this path is more than {MAX_DEPTH} names deep" if depth + len(parts) > MAX_DEPTH else None


def _nest(parts: list[str], node: Node, origin: Origin) -> Mapping:
    for part in reversed(parts[1:]):
        node = Mapping({part: node}, {part: origin}, origin)
    return Mapping({parts[0]: node}, {parts[0]: origin}, origin)


def expand(mapping: Mapping) -> Mapping:
    """The mapping with every dotted key turned into nested mappings.

    Parameters
    ----------
    mapping : Mapping
        Its keys, at any level, are names or dotted paths; both may be mixed.

    Raises
    ------
    ScenarioError
        If a path is not made of names, is given twice, or goes into a single value.
    """
    problems: list[Problem] = []
    result = _expand(mapping, (), problems)
    if problems:
        raise ScenarioError(problems)
    return result


def _expand(mapping: Mapping, path: tuple[str, ...], problems: list[Problem]) -> Mapping:
    result = Mapping({}, {}, mapping.origin)
    for key, value in mapping.entries.items():
        origin = mapping.keys[key]
        parts = key.split(".")
        message = _path_complaint(parts, len(path)) if len(parts) > 1 or len(path) >= MAX_DEPTH else None
        if message:
            problems.append(origin.problem(".".join(path), message))
            continue
        inner = _expand(value, (*path, *parts), problems) if isinstance(value, Mapping) else value
        nested = _nest(parts, inner, origin)
        _insert(result, parts[0], nested.entries[parts[0]], origin, path, problems)
    return result


def _insert(
    target: Mapping, name: str, node: Node, origin: Origin, path: tuple[str, ...], problems: list[Problem]
) -> None:
    """Add to a mapping that was made here, and so may still grow."""
    old, here = target.entries.get(name), (*path, name)
    if old is None:
        target.entries[name], target.keys[name] = node, origin
    elif isinstance(old, Mapping) and isinstance(node, Mapping):
        for key, value in node.entries.items():
            _insert(old, key, value, node.keys[key], here, problems)
    else:
        twice = (
            "is given as a whole and in part"
            if isinstance(old, Mapping) or isinstance(node, Mapping)
            else "is given twice"
        )
        first = f"; the first is on line {target.keys[name].line}" if target.keys[name].line else ""
        problems.append(origin.problem(".".join(here), f"this {twice}{first}, keep one of them"))
