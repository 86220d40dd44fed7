"""The strict door: what a scenario file may hold, where each complaint points, and how documents are joined."""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway_sim import document
from pathway_sim.document import DEFAULT, Mapping, Node, Origin, Scalar, Sequence, scalars, syntax
from pathway_sim.errors import Problem, ScenarioError, StorageError


def read(text: str | bytes, name: str = "a.yaml") -> Mapping:
    return document.read(text if isinstance(text, bytes) else text.encode(), name)


def data(text: str | bytes) -> Any:
    return document.plain(read(text))


def value(text: str) -> Any:
    return data(f"a: {text}\n")["a"]


def problems(call: Callable[[], object]) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as caught:
        call()
    return caught.value.problems


def only(text: str | bytes) -> Problem:
    found = problems(lambda: read(text))
    assert len(found) == 1, found
    return found[0]


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


@pytest.fixture(params=["libyaml", "pure"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "libyaml" and not hasattr(yaml, "CSafeLoader"):
        pytest.skip("libyaml is not installed")
    monkeypatch.setattr(syntax, "_LOADER", yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader)
    return str(request.param)


# ---------------------------------------------------------------- single values

PLAIN_VALUES: list[tuple[str, Any]] = [
    ("true", True),
    ("false", False),
    ("True", "True"),
    ("FALSE", "FALSE"),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("n", "n"),
    ("0", 0),
    ("-0", 0),
    ("+5", 5),
    ("007", 7),
    ("010", 10),
    ("9" * 19, 10**19 - 1),
    ("1.5", 1.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("-1e3", -1000.0),
    ("1E+3", 1000.0),
    ("1e-300", 1e-300),
    ("0e999", 0.0),
    ("0.0", 0.0),
    ("0x10", "0x10"),
    ("0o7", "0o7"),
    ("0b1", "0b1"),
    ("1_000", "1_000"),
    ("1,000", "1,000"),
    ("12:30", "12:30"),
    ("190:20:30", "190:20:30"),
    ("2026-11-22", "2026-11-22"),
    ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
    ("1e", "1e"),
    ("e5", "e5"),
    (".", "."),
    ("+", "+"),
    ("1.2.3", "1.2.3"),
    ("１２", "１２"),
    ("inf", "inf"),
    ("nan", "nan"),
    ("18 months", "18 months"),
    ("50 %", "50 %"),
    ("http://x.org/#y", "http://x.org/#y"),
    ("a b # not text", "a b"),
    ("'5'", "5"),
    ('"true"', "true"),
    ("'null'", "null"),
    ("'~'", "~"),
    ("''", ""),
    ('"a\\tb\\nc"', "a\tb\nc"),
    ("'it''s'", "it's"),
    ("|\n  x\n  y", "x\ny\n"),
    (">-\n  x\n  y", "x y"),
    ("[1, a, true]", [1, "a", True]),
    ("{x: 1, y: {}}", {"x": 1, "y": {}}),
    ("[]", []),
]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(("text", "expected"), PLAIN_VALUES)
def test_value(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


REFUSED_VALUES = [
    ("null", "no value"),
    ("~", "no value"),
    ("Null", "no value"),
    ("NULL", "no value"),
    (".inf", "finite"),
    ("-.INF", "finite"),
    ("+.Inf", "finite"),
    (".nan", "finite"),
    (".NaN", "finite"),
    ("1e999", "too large"),
    ("-1.5e+400", "too large"),
    ("1e-999", "too small"),
    ("1" * 20, "20 digits"),
    ("-" + "0" * 20, "20 digits"),
    ("x" * 2001, "2,001 characters"),
    ("'" + "x" * 2001 + "'", "2,001 characters"),
    ("!!int 5", "tag"),
    ("!!python/object:os.system x", "tag"),
    ("! x", "tag"),
    ("!mine x", "tag"),
    ("&x 5", "&x"),
    ('"\\0"', "U+0000"),
    ('"\\e[31m"', "U+001B"),
    ('"\\u202e"', "U+202E"),
    ('"\\N"', "U+0085"),
    ('"\\L"', "U+2028"),
    ("@x", "'@'"),
    ("`x`", "'`'"),
    ("%x", "'%'"),
    ("*", '"*"'),
    ("**bold**", '"*"'),
    ("& x", '"&"'),
]


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(("text", "fragment"), REFUSED_VALUES)
def test_refused_value_points_at_the_value(text: str, fragment: str) -> None:
    problem = only(f"b: 1\na:  {text}\n")
    assert (problem.file, problem.line, problem.column, problem.path) == ("a.yaml", 2, 5, "a")
    assert fragment in problem.message


@pytest.mark.parametrize(
    ("text", "line", "column", "path"),
    [
        ("a:\n", 1, 3, "a"),
        ("a: # nothing\n", 1, 3, "a"),
        ("a:\n  - 1\n  -\n", 3, 4, "a.1"),
        ("a:\n  b:\n  c: 1\n", 2, 5, "a.b"),
        ("a: {b}\n", 1, 6, "a.b"),
    ],
)
def test_missing_value(text: str, line: int, column: int, path: str) -> None:
    problem = only(text)
    assert (problem.line, problem.column, problem.path) == (line, column, path)
    assert problem.message == "there is no value here; write a value or leave the key out"


def test_longest_text_and_key_are_read() -> None:
    assert value("x" * 2000) == "x" * 2000
    assert data(f"{'k' * 120}: 1") == {"k" * 120: 1}


# ---------------------------------------------------------------- structure

STRUCTURE = [
    # text, line, column, path, part of the message
    ("a: 1\nb: 2\na: 3\n", 3, 1, "", '"a" is given twice; the first is on line 1'),
    ("x:\n  a: {p: 1, 'p': 2}\n", 2, 13, "x.a", '"p" is given twice; the first is on line 2'),
    ("k" * 121 + ": 1\n", 1, 1, "", "121 characters"),
    ("a:\n  1: x\n", 2, 3, "a", 'put "1" in quotes'),
    ("true: x\n", 1, 1, "", 'put "true" in quotes'),
    ("null: x\n", 1, 1, "", 'put "null" in quotes'),
    ("'': x\n", 1, 1, "", "a key is missing"),
    ('"a\\nb": x\n', 1, 1, "", "on one line"),
    ("? [a]\n: b\n", 1, 3, "", "not a list or a mapping"),
    ("a: {{b: 1}: 2}\n", 1, 5, "a", "not a list or a mapping"),
    ("a: &x 1\n", 1, 4, "a", '"&x"'),
    ("&x a: 1\n", 1, 1, "", '"&x"'),
    ("a: *x\n", 1, 4, "a", '"*x"'),
    ("*x : 1\n", 1, 1, "", '"*x"'),
    ("a: &x {b: 1}\n", 1, 4, "a", '"&x"'),
    ("a: !!map {b: 1}\n", 1, 4, "a", "tag"),
    ("!!str a: 1\n", 1, 1, "", "tag"),
    ("a:\n  <<: {b: 1}\n", 2, 3, "a", '"<<"'),
    ("'<<': 1\n", 1, 1, "", '"<<"'),
    ("%YAML 1.2\n---\na: 1\n", 1, 1, "", "%"),
    ("# c\n\n%TAG ! tag:x,1:\n---\na: 1\n", 3, 1, "", "%"),
    ("%MINE\n---\na: 1\n", 1, 1, "", "%"),
    ("a: 1\n---\nb: 2\n", 2, 1, "", "second document"),
    ("a: 1\n...\nb: 2\n", 3, 1, "", "second document"),
    ("- a\n- b\n", 1, 1, "", "`key: value`"),
    ("\n  just text\n", 2, 3, "", "`key: value`"),
    ("5\n", 1, 1, "", "`key: value`"),
    ("", 1, 1, "", "empty"),
    ("# only a remark\n\n", 1, 1, "", "empty"),
    ("---\n", 2, 1, "", "empty"),
    ("\ufeff", 1, 1, "", "empty"),
    ("a: 'x\nb: 2\n", 1, 4, "a", "not closed"),
    ('a: "x\nb: 2\n', 1, 4, "a", "not closed"),
    ("a:\n\tb: 2\n", 2, 1, "a", "tab"),
    ("a: x\ty\n", 1, 5, "", "tab"),
    ("a:\tx\n", 1, 3, "", "tab"),
    ("a: b: c\n", 1, 5, "", 'second ":"'),
    ("a: [1, 2\nb: 3\n", 2, 2, "a.2", "from line 1"),
    ("a: [1, 2", 1, 4, "a.2", "not closed"),
    ("a: {b: 1", 1, 4, "a", "not closed"),
    ("a:\n  b: 1\n c: 2\n", 3, 2, "", "indentation"),
    ("a:\n  - 1\n  b: 2\n", 3, 3, "a.1", "indentation"),
    ("a: 1\nabc\nb: 2\n", 2, 1, "", "`key: value`"),
    ("a: - b\n", 1, 4, "a", "list item"),
    ("a: ? b\n", 1, 4, "a", '"? "'),
    ("a: ]\n", 1, 4, "a", "']'"),
    ("a: | b\n", 1, 6, "a", "next one"),
    ("a: 'it's'\n", 1, 8, "", "quotes"),
    ("a: !e!x 1\n", 1, 4, "a", '"!"'),
]


@pytest.mark.parametrize(("text", "line", "column", "path", "fragment"), STRUCTURE)
def test_structure(text: str, line: int, column: int, path: str, fragment: str, either_parser: str) -> None:
    problem = only(text)
    assert fragment in problem.message
    place = (problem.line, problem.column)
    if place != (line, column):  # the two parsers break off at different ends of the same blank
        assert either_parser == "pure"
        assert text == "a:\tx\n"
    if either_parser == "libyaml" or "tab" not in fragment:
        assert problem.path == path


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("text", ['a: "\\q"', 'a: "\\x1"', 'a: "\\ud800"', 'a: "\\UFFFFFFFF"', 'a: "\\U00110000"'])
def test_bad_escape(text: str) -> None:
    problem = only(text)
    assert problem.line == 1
    assert problem.column in range(1, 8)


def test_all_problems_at_once_in_file_order() -> None:
    text = "a: null\nb: &x 1\nc:\n  d: 1e999\n  d: 2\n  <<: *x\ne: [1, ~, !t 3]\n1: x\n"
    found = problems(lambda: read(text, "s/a.yaml"))
    assert [(p.line, p.column, p.path) for p in found] == [
        (1, 4, "a"),
        (2, 4, "b"),
        (4, 6, "c.d"),
        (5, 3, "c"),
        (6, 3, "c"),
        (6, 7, "c"),
        (7, 8, "e.1"),
        (7, 11, "e.2"),
        (8, 1, ""),
    ]
    assert str(found[0]) == "s/a.yaml:1:4   a: there is no value here; write a value or leave the key out"


def test_problems_before_a_broken_line_are_kept() -> None:
    assert [p.line for p in problems(lambda: read("a: ~\nb: *x\nc: 'open\n"))] == [1, 2, 3]


def test_many_problems_are_cut_short() -> None:
    found = problems(lambda: read("".join(f"k{i}: ~\n" for i in range(5000))))
    assert len(found) == syntax.MAX_PROBLEMS + 1
    assert any("more problems" in p.message for p in found)


def test_one_document_may_be_marked() -> None:
    assert data("---\na: 1\n...\n") == {"a": 1}
    assert data("{}") == {}
    assert data("? a\n: 1\n") == {"a": 1}


def test_tabs_where_they_may_stand() -> None:
    assert data("a: 'x\ty' # a\tremark\n#\there too\nb: |\n  x\ty\n#\tend\n") == {"a": "x\ty", "b": "x\ty\n"}


def test_depth() -> None:
    assert read("a: " + "[" * 31 + "]" * 31)
    problem = only("a: " + "[" * 32 + "]" * 32)
    assert (problem.line, problem.column) == (1, 35)
    assert "32 deep" in problem.message


def test_event_limit() -> None:
    fits = (
        "a: [" + "1," * (syntax.MAX_EVENTS - 10) + "1]"
    )  # the start and end of stream, document, mapping, list; the key
    assert len(data(fits)["a"]) == syntax.MAX_EVENTS - 9
    problem = only("a: [" + "1," * syntax.MAX_EVENTS + "1]")
    assert "too many values" in problem.message
    assert problem.line == 1


# ---------------------------------------------------------------- characters and bytes


@pytest.mark.parametrize(
    "character",
    [*"\x00\x01\x07\x08\x0b\x0c\x0e\x1b\x1f\x7f\x80\x85\x9f\u2028\u2029\u202a\u202e\u2066\u2069\ufffe\uffff"],
)
def test_forbidden_character(character: str) -> None:
    problem = only(f"a: 1\nbé: x{character}y\n")
    assert (problem.line, problem.column) == (2, 6)
    assert f"U+{ord(character):04X}" in problem.message


def test_forbidden_characters_in_remarks_and_all_at_once() -> None:
    found = problems(lambda: read("a: 1 # \u202e\r\nb: \x1b\rc: \x00\n"))
    assert [(p.line, p.column) for p in found] == [(1, 8), (2, 4), (3, 4)]


def test_byte_order_mark() -> None:
    assert data(b"\xef\xbb\xbfa: 1\n") == {"a": 1}
    assert only(b"\xef\xbb\xbfa: ~\n").column == 4
    later = only(b"a: 1\n\xef\xbb\xbfb: 2\n")
    assert (later.line, later.column) == (2, 1)
    assert "byte-order mark" in later.message
    assert only(b"\xef\xbb\xbf\xef\xbb\xbfa: 1\n").column == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings(encoding: str) -> None:
    problem = only("a: 1\n".encode(encoding))
    assert (problem.line, problem.column) == (1, 1)
    assert "UTF-8" in problem.message


@pytest.mark.parametrize(
    ("raw", "line", "column", "byte"),
    [
        (b"a: \xff\n", 1, 4, "0xFF"),
        ("a: 1\né: ".encode() + b"\xe9t\xe9\n", 2, 4, "0xE9"),
        (b"a: 1\r\nb: \xc0\x80", 2, 4, "0xC0"),  # overlong
        (b"a: \xed\xa0\x80", 1, 4, "0xED"),  # a lone surrogate
        (b"\xef\xbb\xbfa: \xf4\x90\x80\x80", 1, 4, "0xF4"),  # beyond Unicode
        (b"a: x\xe2\x82", 1, 5, "0xE2"),  # cut off
    ],
)
def test_not_utf8(raw: bytes, line: int, column: int, byte: str) -> None:
    problem = only(raw)
    assert (problem.line, problem.column) == (line, column)
    assert byte in problem.message


def test_columns_count_characters() -> None:
    assert only("ключ: {é: 1, 𝒳: ~}").column == 17


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert only(f"a: 1{end}{end}b: ~{end}").line == 3


def test_random_bytes() -> None:
    for index in range(500):
        raw = hashlib.shake_128(f"bytes {index}".encode()).digest(index)
        with pytest.raises(ScenarioError):
            read(raw)


# ---------------------------------------------------------------- bombs

FULL = 256 * 1024


def fill(unit: str, head: str = "a: ", tail: str = "") -> str:
    return head + unit * ((FULL - len(head) - len(tail)) // len(unit)) + tail


BOMBS = {
    "brackets": "a: " + "[" * 200_000,
    "braces": "a: " + "{" * 200_000,
    "nested keys": fill("{a: "),
    "dashes": fill("- ", ""),
    "questions": fill("? ", ""),
    "laughs": "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a, *a]\n" for i in range(5000)),
    "anchors": fill("&a "),
    "tags": fill("! "),
    "digits": fill("9"),
    "exponent": fill("9", "a: 1e"),
    "commas": fill("a,", "a: [", "]"),
    "lists": fill("[],", "a: [", "]"),
    "pairs": fill("{a,"),
    "keys": "".join(f"k{i}: 1\n" for i in range(10**6))[:FULL],
    "one key": fill("k", "", ": 1"),
    "colons": fill(":", ""),
    "repeated": fill("a: 1\n", ""),
    "blanks": fill(" ", ""),
    "lines": fill("\n", ""),
    "remarks": fill("#\n", ""),
    "directives": fill("%\n", ""),
    "documents": fill("---\n", ""),
    "tabs": fill("\t", "a: 'x'\n"),
    "quoted": fill('"\t",', "a: [", "]"),
    "open quotes": fill("x", "a: '"),
    "escapes": fill("\\x41", 'a: "', '"'),
    "folded": fill(" x\n\n", "a: >\n"),
    "words": fill("x y "),
    "steps": "".join(" " * i + "a:\n" for i in range(700)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name: str) -> None:
    with within(1), pytest.raises(ScenarioError):
        read(BOMBS[name])


@pytest.mark.parametrize("text", ["a: " + "9" * 10**6, "".join(f"k{i}: 1\n" for i in range(10**6)), "[" * 10**6])
def test_too_many_bytes(text: str) -> None:
    with within(1):
        problem = only(text)
    assert (problem.line, problem.column) == (1, 1)
    assert "262,144" in problem.message


def test_size_limit_is_exact() -> None:
    text = "a: 1\n#"
    assert read(text + "x" * (FULL - len(text)))
    assert only(text + "x" * (FULL - len(text) + 1)).message.startswith("the file has more than 262,144 bytes")


def test_speed() -> None:
    stage = (
        "    kind: work\n    title: Some words, and more\n    duration:\n      median: 1 month\n      p90: 3 months\n"
    )
    lines = "".join(f"  stage_{i}:\n{stage}    after: [a, b.start]\n" for i in range(58))
    text = f"stages:\n{lines}".encode()
    assert text.count(b"\n") > 400

    def once() -> float:
        begun = time.process_time()
        document.read(text, "a.yaml")
        return time.process_time() - begun

    assert min(once() for _ in range(15)) < (0.015 if hasattr(yaml, "CSafeLoader") else 0.3)


# ---------------------------------------------------------------- files


def test_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: ~\n")
    assert problems(lambda: document.read(path, "shown.yaml"))[0].file == "shown.yaml"
    path.write_text("a: 1\n")
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    assert document.plain(document.read(link, "x")) == {"a": 1}
    with pytest.raises(StorageError):
        document.read(link, "x", follow=False)


def storage_error(path: Path) -> str:
    with within(1), pytest.raises(StorageError) as caught:
        document.read(path, "shown.yaml")
    assert str(caught.value).startswith("shown.yaml: ")
    return str(caught.value)


def test_not_a_regular_file(tmp_path: Path) -> None:
    assert "folder" in storage_error(tmp_path)
    os.mkfifo(tmp_path / "fifo.yaml")
    assert "ordinary" in storage_error(tmp_path / "fifo.yaml")
    assert "ordinary" in storage_error(Path("/dev/zero"))
    assert "ordinary" in storage_error(Path("/dev/null"))
    with socket.socket(socket.AF_UNIX) as server:
        monkey = Path(os.path.relpath(tmp_path / "s.yaml"))
        server.bind(str(min(monkey, tmp_path / "s.yaml", key=lambda p: len(str(p)))))
        assert "ordinary" in storage_error(tmp_path / "s.yaml")


def test_no_file(tmp_path: Path) -> None:
    assert "no such file" in storage_error(tmp_path / "none.yaml")
    assert "cannot be read" in storage_error(tmp_path / ("x" * 300))
    assert "cannot be read" in storage_error(Path("a\0b"))
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert "cannot be read" in storage_error(tmp_path / "loop.yaml")
    (tmp_path / "file").write_text("a: 1")
    assert "cannot be read" in storage_error(tmp_path / "file" / "a.yaml")


def test_unreadable_and_vanished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    for error, fragment in (
        (PermissionError(13, "Permission denied"), "Permission"),
        (FileNotFoundError(2, "x"), "no such"),
    ):

        def refuse(*_: object, error: OSError = error) -> int:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", refuse)
            assert fragment in storage_error(path)


def test_replaced_between_looking_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fifo = tmp_path / "a.yaml", tmp_path / "fifo"
    path.write_text("a: 1\n")
    os.mkfifo(fifo)
    really = os.open
    monkeypatch.setattr(os, "open", lambda _path, flags: really(fifo, flags))
    assert "ordinary" in storage_error(path)


def test_huge_sparse_file(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(2**30)
    with within(1):
        found = problems(lambda: document.read(path, "big.yaml"))
    assert "1,073,741,824 bytes" in found[0].message


def test_file_that_grows_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n" + "#" * FULL)
    status = path.stat()
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((*status[:6], 5, *status[7:])))
    assert "more than" in problems(lambda: document.read(path, "a.yaml"))[0].message


def test_file_names_cannot_disturb_a_message() -> None:
    found = problems(lambda: read("a: ~", "x\n\x1b[31m\udcff.yaml"))
    assert found[0].file == "x??[31m?.yaml"


# ---------------------------------------------------------------- nodes


def test_origins() -> None:
    node = read("stages:\n  a:\n    kind: work\n    after: [x, 'y']\n", "scenarios/a.yaml")
    kind = document.find(node, ("stages", "a", "kind"))
    assert kind == Scalar("work", Origin("scenarios/a.yaml", 3, 11, "file"))
    assert str(kind.origin) == "scenarios/a.yaml:3:11"
    stage = document.find(node, ("stages", "a"))
    assert isinstance(stage, Mapping)
    assert str(stage.origin) == "scenarios/a.yaml:3:5"
    assert {name: (o.line, o.column) for name, o in stage.keys.items()} == {"kind": (3, 5), "after": (4, 5)}
    after = document.find(node, ("stages", "a", "after"))
    assert isinstance(after, Sequence)
    assert [(item.origin.line, item.origin.column) for item in after.items] == [(4, 13), (4, 16)]
    assert str(DEFAULT) == "default"
    assert str(Origin("--set stages.x=1", 0, 0, "set")) == "--set stages.x=1"


def test_find() -> None:
    node = read("a: {b: [1, {c: 2}]}")
    assert document.plain(document.find(node, ("a", "b", 1, "c")) or node) == 2
    assert document.find(node, ()) is node
    for path in [("x",), ("a", "b", 2), ("a", "b", -1), ("a", 0), ("a", "b", "0"), ("a", "b", 0, "c"), ("x", "y")]:
        assert document.find(node, path) is None


@pytest.mark.parametrize(
    ("loc", "key", "place", "path"),
    [
        ((), False, (1, 1), ""),
        (("stages", "a", "duration", "median"), False, (3, 24), "stages.a.duration.median"),
        (("stages", "a", "duration", "median"), True, (3, 16), "stages.a.duration.median"),
        (("stages", "a", "work", "duration", "Borrowed", "median", "str"), False, (3, 24), "stages.a.duration.median"),
        (("stages", "a", "duration", "missing"), False, (3, 15), "stages.a.duration"),
        (("stages", "a", "after", 1), False, (4, 16), "stages.a.after.1"),
        (("stages", "a", "after", "list[str]", 1, "str"), True, (4, 16), "stages.a.after.1"),
        (("stages", "a", "after", 7), True, (4, 5), "stages.a.after"),
        (("stages", "a", "[key]"), True, (2, 3), "stages.a"),
        (("stages", "a", "duration", "value", "low"), False, (3, 50), "stages.a.duration.low"),
    ],
)
def test_locate(loc: tuple[str | int, ...], key: bool, place: tuple[int, int], path: str) -> None:
    node = read("stages:\n  a:\n    duration: {median: 18 months, value: 3, low: 1}\n    after: [x, y]\n")
    origin, dotted = document.locate(node, loc, key=key)
    assert (origin.line, origin.column, dotted) == (*place, path)


# ---------------------------------------------------------------- overrides


def over(base: str, *texts: str) -> Mapping:
    result = read(base, "base.yaml")
    for text in texts:
        result = document.overlay(result, read(text, "over.yaml"))
    return result


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("a: 1\nb: 2", "b: 3\nc: 4", {"a": 1, "b": 3, "c": 4}),
        ("a: {x: 1, y: 2}", "a: {y: 3}", {"a": {"x": 1, "y": 3}}),
        ("a: [1, 2]", "a: [3]", {"a": [3]}),
        ("a: {x: 1}", "a: 2", {"a": 2}),
        ("a: 2", "a: {x: 1}", {"a": {"x": 1}}),
        ("a: {x: 1}", "a: {}", {"a": {"x": 1}}),
        # what says what a number is replaces it as a whole
        ("a: {x: 1}", "a: {value: 2}", {"a": {"value": 2}}),
        ("a: {x: 1}", "a: {evidence: e}", {"a": {"evidence": "e"}}),
        ("a: {x: 1}", "a: {kind: normal}", {"a": {"kind": "normal"}}),
        ("a: {x: 1}", "a: {quantity: 2}", {"a": {"quantity": 2}}),
        ("a: {kind: normal, x: 1}", "a: {kind: normal, y: 1}", {"a": {"kind": "normal", "y": 1}}),
        # a number that is only an agency's rule, and joins of facts, are replaced as a whole
        ("a: {rule: fda.x}", "a: {first: 1, later: 2}", {"a": {"first": 1, "later": 2}}),
        ("stages: {s: {if: {all: [x]}}}", "stages: {s: {if: {any: [y]}}}", {"stages": {"s": {"if": {"any": ["y"]}}}}),
        (
            "stages: {s: {rescind: {after: {kind: normal, mean: 1}}}}",
            "stages: {s: {rescind: {after: {mean: 2}}}}",
            {"stages": {"s": {"rescind": {"after": {"kind": "normal", "mean": 2}}}}},
        ),
        ("effects: {e: {if: {not: x}}}", "effects: {e: {if: {all: [y]}}}", {"effects": {"e": {"if": {"all": ["y"]}}}}),
        ("milestones: {m: {all: [x]}}", "milestones: {m: {any: [y]}}", {"milestones": {"m": {"any": ["y"]}}}),
        (
            "milestones: {m: {reached: x}}",
            "milestones: {m: {until: y}}",
            {"milestones": {"m": {"reached": "x", "until": "y"}}},
        ),
        ("arms: {all: {x: 1}}", "arms: {any: {x: 1}}", {"arms": {"all": {"x": 1}, "any": {"x": 1}}}),
        # two forms of a stage
        (
            "stages: {s: {duration: 1, x: 2}}",
            "stages: {s: {design: {y: 1}}}",
            {"stages": {"s": {"x": 2, "design": {"y": 1}}}},
        ),
        ("stages: {s: {design: {y: 1}}}", "stages: {s: {duration: 1}}", {"stages": {"s": {"duration": 1}}}),
        ("a: {s: {duration: 1}}", "a: {s: {design: 2}}", {"a": {"s": {"duration": 1, "design": 2}}}),
        # the document, its stages and each stage are never numbers
        ("a: 1", "evidence: x\nkind: y", {"a": 1, "evidence": "x", "kind": "y"}),
        ("stages: {a: 1}", "stages: {kind: 2, value: 3}", {"stages": {"a": 1, "kind": 2, "value": 3}}),
        ("stages: {s: {kind: work, x: 1}}", "stages: {s: {y: 2}}", {"stages": {"s": {"kind": "work", "x": 1, "y": 2}}}),
        (
            "stages: {s: {kind: work, x: 1}}",
            "stages: {s: {kind: work, y: 2}}",
            {"stages": {"s": {"kind": "work", "x": 1, "y": 2}}},
        ),
        (
            "stages: {s: {kind: work, x: 1}}",
            "stages: {s: {kind: trial, y: 2}}",
            {"stages": {"s": {"kind": "trial", "y": 2}}},
        ),
        (
            "stages: {s: {kind: work, evidence: e}}",
            "stages: {s: {x: 1}}",
            {"stages": {"s": {"kind": "work", "evidence": "e", "x": 1}}},
        ),
        (
            "stages: {s: {d: {kind: normal, x: 1}}}",
            "stages: {s: {d: {kind: normal}}}",
            {"stages": {"s": {"d": {"kind": "normal"}}}},
        ),
        ("b: {stages: {s: {kind: w, x: 1}}}", "b: {stages: {s: {kind: w}}}", {"b": {"stages": {"s": {"kind": "w"}}}}),
    ],
)
def test_overlay(base: str, override: str, expected: Any) -> None:
    assert document.plain(over(base, override)) == expected


CITED = "stages: {p: {d: {kind: lognormal, median: 18 months, p90: 3 years, evidence: e, regulation: r, joined: j}}}"


def test_a_changed_number_loses_its_citations() -> None:
    result = document.overlay(read(CITED), document.parse_set("stages.p.d.median=12 months"))
    assert document.plain(result)["stages"]["p"]["d"] == {
        "kind": "lognormal",
        "median": "12 months",
        "p90": "3 years",
        "assumption": "changed by --set stages.p.d.median=12 months",
    }
    note = document.find(result, ("stages", "p", "d", "assumption"))
    assert isinstance(note, Scalar)
    assert note.origin.source == "set"
    kept = document.find(result, ("stages", "p", "d", "p90"))
    assert isinstance(kept, Scalar)
    assert str(kept.origin).startswith("a.yaml:1:")


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        # the same number again is no change
        ("a: {median: 1, evidence: e}", "a: {median: 1.0}", {"median": 1.0, "evidence": "e"}),
        ("a: {median: 1, evidence: e}", "a: {median: 2}", {"median": 2, "assumption": "changed by over.yaml:1:13"}),
        (
            "a: {median: 1, assumption: a}",
            "a: {p90: 2}",
            {"median": 1, "p90": 2, "assumption": "changed by over.yaml:1:10"},
        ),
        # the override's own citation stands
        ("a: {median: 1, evidence: e}", "a: {median: 2, assumption: mine}", {"median": 2, "assumption": "mine"}),
        ("a: {median: 1, evidence: e, joined: j}", "a: {median: 2, regulation: r}", {"median": 2, "regulation": "r"}),
        ("a: {median: 1, evidence: e}", "a: {joined: how}", {"median": 1, "evidence": "e", "joined": "how"}),
        # without citations there is nothing to lose
        ("a: {median: 1}", "a: {median: 2}", {"median": 2}),
        ("a: {kind: normal, mean: 1}", "a: {mean: 2}", {"kind": "normal", "mean": 2}),
        # a change further in counts
        (
            "a: {evidence: e, q: {x: 1, y: 2}}",
            "a: {q: {x: 3}}",
            {"q": {"x": 3, "y": 2}, "assumption": "changed by over.yaml:1:12"},
        ),
        (
            "a: {evidence: e, q: {value: 1, y: 2}}",
            "a: {q: {value: 1}}",
            {"q": {"value": 1}, "assumption": "changed by over.yaml:1:8"},
        ),
        ("a: {evidence: e, q: [1, 2]}", "a: {q: [1, 3]}", {"q": [1, 3], "assumption": "changed by over.yaml:1:8"}),
        # a number that is its evidence keeps it
        ("a: {evidence: e, transfer: 0}", "a: {transfer: 0.2}", {"evidence": "e", "transfer": 0.2}),
        # switching a thing off does not touch its number
        ("a: {scale: 2, evidence: e}", "a: {enabled: false}", {"scale": 2, "evidence": "e", "enabled": False}),
        (
            "a: {scale: 2, evidence: e, enabled: true}",
            "a: {enabled: false}",
            {"scale": 2, "evidence": "e", "enabled": False},
        ),
    ],
)
def test_citations(base: str, override: str, expected: Any) -> None:
    result = document.plain(over(base, override))["a"]
    assert result == expected


def test_overlay_keeps_origins_and_leaves_its_arguments_alone() -> None:
    base, override = read("a: {x: 1, y: 2}\nb: 3", "base.yaml"), read("a:\n  y: 4", "over.yaml")
    before = repr(base), repr(override)
    result = document.overlay(base, override)
    assert (repr(base), repr(override)) == before
    assert {name: str(document.locate(result, ("a", name))[0]) for name in "xy"} == {
        "x": "base.yaml:1:8",
        "y": "over.yaml:2:6",
    }
    assert str(document.locate(result, ("a", "y"), key=True)[0]) == "over.yaml:2:3"
    assert str(document.locate(result, ("a",))[0]) == "base.yaml:1:4"


def test_the_last_change_is_named() -> None:
    result = over("a: {median: 1, evidence: e}", "a: {median: 2}")
    again = document.overlay(result, document.parse_set("a.median=3"))
    assert document.plain(again) == {"a": {"median": 3, "assumption": "changed by --set a.median=3"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": 1}),
        ("stages.phase_2.duration=18 months", {"stages": {"phase_2": {"duration": "18 months"}}}),
        ("a.b-c.d_1 = true", {"a": {"b-c": {"d_1": True}}}),
        ("a=no", {"a": "no"}),
        ("a='5'", {"a": "5"}),
        ("a=x=y", {"a": "x=y"}),
        ("a=one, two", {"a": "one, two"}),
        ("a=[1, x, {b: 2}]", {"a": [1, "x", {"b": 2}]}),
        ("a={value: 0.3, assumption: 'a: b'}", {"a": {"value": 0.3, "assumption": "a: b"}}),
        ("a=[]", {"a": []}),
        ('a="x # y"', {"a": "x # y"}),
    ],
)
def test_set(text: str, expected: Any) -> None:
    node = document.parse_set(text)
    assert document.plain(node) == expected
    assert (node.origin.source, node.origin.line, str(node.origin)) == ("set", 0, f"--set {text}")


@pytest.mark.parametrize(
    ("text", "path", "fragment"),
    [
        ("", "", "path=value"),
        ("a", "", "path=value"),
        ("=1", "", "is not a name"),
        ("a=", "", "no value after the ="),
        ("a= ", "", "no value after the ="),
        ("a=# x", "", "no value after the ="),
        ("a=~", "a", "no value"),
        ("a=null", "a", "no value"),
        ("a=---", "a", "quotes"),
        ("a=--- 5", "a", "quotes"),
        ("A=1", "", '"A" is not a name'),
        ("a..b=1", "", '"" is not a name'),
        (".a=1", "", "is not a name"),
        ("a.=1", "", "is not a name"),
        ("a.0=1", "", '"0" is not a name'),
        ("a[0]=1", "", "is not a name"),
        ("a b=1", "", "is not a name"),
        ("__class__.x=1", "", "is not a name"),
        (f"{'a' * 65}=1", "", "is not a name"),
        (".".join("a" * 33) + "=1", "", "32 names deep"),
        ("a=1\nb: 2", "", "one line"),
        ("a=b: c", "a", "quotes"),
        ("a=- b", "a", "quotes"),
        ("a=&x 1", "a", '"&x"'),
        ("a=*x", "a", '"*x"'),
        ("a=!!int 1", "a", "tag"),
        ("a={b: [1, ~]}", "a.b.1", "no value"),
        ("a={b: 1, b: 2}", "a", '"b" is given twice, keep'),
        ("a={b: 1", "a", "not closed"),
        ("a=%x", "a", "%"),
        ("a=1e999", "a", "too large"),
        ("a=x\x1by", "", "U+001B"),
        ("a=\udcff", "", "U+DCFF"),
        ("a=" + "x" * 2001, "a", "2,001"),
        ("a=" + "x" * 5000, "", "4,000"),
        ("a=" + "[" * 2000, "a", "deep"),
    ],
)
def test_refused_set(text: str, path: str, fragment: str) -> None:
    problem = problems(lambda: document.parse_set(text))[0]
    assert problem.file.startswith("--set")
    assert len(problem.file) < 140
    assert problem.file.isprintable()
    assert (problem.line, problem.column) == (0, 0)
    assert (problem.path.startswith(path), fragment in problem.message) == (True, True), problem


def test_expand() -> None:
    text = "a.b.c: 1\na.b.d: [1]\na:\n  b: {e: 2}\n  f.g: {h.i: 3}\nz: {}\n"
    node = document.expand(read(text))
    assert document.plain(node) == {"a": {"b": {"c": 1, "d": [1], "e": 2}, "f": {"g": {"h": {"i": 3}}}}, "z": {}}
    assert str(document.locate(node, ("a", "b", "d"))[0]) == "a.yaml:2:8"
    assert str(document.locate(node, ("a", "b", "d"), key=True)[0]) == "a.yaml:2:1"
    assert str(document.locate(node, ("a", "f", "g", "h", "i"))[0]) == "a.yaml:5:14"


@pytest.mark.parametrize(
    ("text", "line", "column", "path", "fragment"),
    [
        ("a.b: 1\na: {b: 2}\n", 2, 5, "a.b", "given twice; the first is on line 1"),
        ("a: {b: 2}\na.b: 1\n", 2, 1, "a.b", "given twice; the first is on line 1"),
        ("a.b: 1\na.b.c: 2\n", 2, 1, "a.b", "as a whole and in part; the first is on line 1"),
        ("a.b.c: 1\na.b: 2\n", 2, 1, "a.b", "as a whole and in part; the first is on line 1"),
        ("a.b: [1]\na.b.c: 2\n", 2, 1, "a.b", "as a whole and in part"),
        ("a: {b.c: 1, b: {c: 2}}\n", 1, 17, "a.b.c", "given twice"),
        ("x: 1\na..b: 1\n", 2, 1, "", "is not a name"),
        ("a: {B.c: 1}\n", 1, 5, "a", '"B" is not a name'),
        ("'a.b ': 1\n", 1, 1, "", "is not a name"),
        (".".join("a" * 33) + ": 1\n", 1, 1, "", "32 names deep"),
        (".".join("a" * 20) + ": {" + ".".join("b" * 13) + ": 1}\n", 1, 43, ".".join("a" * 20), "32 names deep"),
    ],
)
def test_refused_expand(text: str, line: int, column: int, path: str, fragment: str) -> None:
    found = problems(lambda: document.expand(read(text)))
    assert [(p.line, p.column, p.path) for p in found] == [(line, column, path)]
    assert fragment in found[0].message


def test_expand_reports_all() -> None:
    assert [p.line for p in problems(lambda: document.expand(read("a..b: 1\nc.d: 1\nc: {d: 2}\n")))] == [1, 3]


# ---------------------------------------------------------------- extends


class Shelf:
    """Shipped scenarios in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.yaml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project folder, things beside it that are not to be read, and shipped scenarios."""
    files = {
        "project/base.yaml": "title: base\nn: 1",
        "project/sub/b.yaml": "title: sub",
        "project/sub/up.yaml": "extends: ../base.yaml\nm: 2",
        "project/sub/deep/c.yaml": "title: deep",
        "project/notes.txt": "title: notes",
        "project/.hidden.yaml": "title: hidden",
        "project/dir.yaml/x.yaml": "title: odd",
        "project/bad.yaml": "a: 1\nb: ~",
        "outside.yaml": "title: SECRET",
        "other/secret.yaml": "title: SECRET",
        "project-evil/x.yaml": "title: SECRET",
        "shipped/standard.yaml": "title: standard\nn: 5",
        "shipped/variant.yaml": "extends: standard\nm: 6",
        "shipped/relative.yaml": "extends: ./standard.yaml",
        "shipped/escaping.yaml": "extends: ../outside.yaml",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    project = tmp_path / "project"
    for name, target in {
        "inside_link.yaml": "base.yaml",
        "outside_link.yaml": "../outside.yaml",
        "absolute_link.yaml": str(tmp_path / "outside.yaml"),
        "chain_link.yaml": "outside_link.yaml",
        "out": "../other",
        "in": "sub",
        "root": "/",
        "loop.yaml": "loop.yaml",
        "dangling.yaml": "nowhere.yaml",
        "zero.yaml": "/dev/zero",
    }.items():
        (project / name).symlink_to(target)
    os.mkfifo(project / "pipe.yaml")
    return tmp_path


def load(tree: Path, text: str, name: str = "project/a.yaml") -> tuple[Any, list[str]]:
    path = tree / name
    path.write_text(text)
    node, files = document.load(path, name, Shelf(tree / "shipped"))
    return document.plain(node), files


@pytest.mark.parametrize(
    ("target", "title", "files"),
    [
        ("base.yaml", "base", ["project/base.yaml"]),
        ("./base.yaml", "base", ["project/base.yaml"]),
        ("sub/b.yaml", "sub", ["project/sub/b.yaml"]),
        ("sub/../base.yaml", "base", ["project/base.yaml"]),
        ("sub/deep/../../base.yaml", "base", ["project/base.yaml"]),
        ("../project/base.yaml", "base", ["project/base.yaml"]),
        ("sub/up.yaml", "base", ["project/sub/up.yaml", "project/base.yaml"]),
        ("sub/deep/c.yaml", "deep", ["project/sub/deep/c.yaml"]),
        ("in/b.yaml", "sub", ["project/in/b.yaml"]),
        ("inside_link.yaml", "base", ["project/inside_link.yaml"]),
        (".hidden.yaml", "hidden", ["project/.hidden.yaml"]),
        ("dir.yaml/x.yaml", "odd", ["project/dir.yaml/x.yaml"]),
        ("standard", "standard", ["scenarios/standard.yaml"]),
        ("variant", "standard", ["scenarios/variant.yaml", "scenarios/standard.yaml"]),
        ("relative", "standard", ["scenarios/relative.yaml", "scenarios/standard.yaml"]),
        ("../shipped/standard.yaml", "standard", ["shipped/standard.yaml"]),
    ],
)
def test_extends(tree: Path, target: str, title: str, files: list[str]) -> None:
    result, found = load(tree, f"extends: {target}\nown: 1\n")
    assert (result["title"], result["own"]) == (title, 1)
    assert "extends" not in result
    assert found == ["project/a.yaml", *files]


REFUSED_TARGETS = [
    "/etc/passwd",
    "/etc/passwd.yaml",
    "//etc/passwd.yaml",
    "///etc/passwd.yaml",
    "../outside.yaml",
    "./../outside.yaml",
    "../other/secret.yaml",
    "../project-evil/x.yaml",
    "../../../../../../../../../../etc/passwd.yaml",
    "sub/../../outside.yaml",
    "sub/deep/../../../outside.yaml",
    "missing/../../outside.yaml",
    "out/secret.yaml",
    "out/../outside.yaml",
    "in/../../outside.yaml",
    "root/etc/passwd.yaml",
    "root/../outside.yaml",
    "outside_link.yaml",
    "absolute_link.yaml",
    "chain_link.yaml",
    "loop.yaml",
    "dangling.yaml",
    "zero.yaml",
    "pipe.yaml",
    "dir.yaml",
    "~/a.yaml",
    "~root/a.yaml",
    "sub/~/a.yaml",
    "~",
    "C:/x.yaml",
    "C:\\x.yaml",
    "C:x.yaml",
    "..\\outside.yaml",
    "sub\\b.yaml",
    "\\\\host\\share\\x.yaml",
    "\\\\?\\C:\\x.yaml",
    "file:///etc/passwd.yaml",
    "file:base.yaml",
    "http://example.org/x.yaml",
    "https://example.org/x.yaml",
    "ftp://example.org/x.yaml",
    "base.yaml:stream.yaml",
    "%2e%2e/outside.yaml",
    "..%2foutside.yaml",
    "%2fetc%2fpasswd.yaml",
    "．．/outside.yaml",
    "..∕outside.yaml",
    ".../outside.yaml",
    "$HOME/x.yaml",
    "${HOME}/x.yaml",
    "`pwd`/x.yaml",
    "*.yaml",
    "sub//b.yaml",
    "base.yaml/",
    "base.yaml/.",
    "base.yaml/x.yaml",
    " base.yaml",
    "base.yaml ",
    "sub/\nb.yaml",
    "base.yml",
    "base.YAML",
    "base",
    "notes.txt",
    "notes",
    "sub",
    ".",
    "..",
    "/",
    "",
    "standar",
    "Standard",
    "standard.yaml",
    "../standard",
    "shipped/standard",
    "x" * 300 + ".yaml",
    "/".join("x" * 900) + ".yaml",
    "escaping",
    "--help.yaml",
]


@pytest.mark.parametrize("target", REFUSED_TARGETS)
def test_refused_extends(tree: Path, target: str) -> None:
    quoted = document.dump(Scalar(target, DEFAULT)).strip()
    quoted = quoted if quoted.startswith('"') else f'"{quoted}"'
    with within(1):
        found = problems(lambda: load(tree, f"own: 1\nextends:  {quoted}\n"))
    assert len(found) == 1
    assert found[0].path == "extends"
    if target != "escaping":
        assert (found[0].file, found[0].line, found[0].column) == ("project/a.yaml", 2, 11)
    assert "SECRET" not in found[0].message
    assert str(tree) not in found[0].message


def test_extends_must_be_one_text(tree: Path) -> None:
    for text in ("5", "true", "[base.yaml]", "{a: base.yaml}", "1.5"):
        assert "shipped scenario" in problems(lambda text=text: load(tree, f"extends: {text}\n"))[0].message


def test_suggestion(tree: Path) -> None:
    for target in ("standrad", "standard.yaml"):
        assert 'did you mean "standard"?' in problems(lambda t=target: load(tree, f"extends: {t}\n"))[0].message


def test_values_lie_over_the_base(tree: Path) -> None:
    result, _ = load(tree, "extends: sub/up.yaml\nn: 9\n")
    assert result == {"title": "base", "n": 9, "m": 2}


def test_problems_carry_the_name_of_the_base(tree: Path) -> None:
    found = problems(lambda: load(tree, "extends: bad.yaml\n"))
    assert [(p.file, p.line, p.column, p.path) for p in found] == [("project/bad.yaml", 2, 4, "b")]


def test_circles(tree: Path) -> None:
    assert "circle" in problems(lambda: load(tree, "extends: a.yaml\n"))[0].message
    (tree / "project/b.yaml").write_text("extends: sub/../a.yaml\n")
    found = problems(lambda: load(tree, "extends: b.yaml\n"))
    assert (found[0].file, found[0].line) == ("project/b.yaml", 1)
    (tree / "project/self.yaml").symlink_to("a.yaml")
    assert "circle" in problems(lambda: load(tree, "extends: self.yaml\n"))[0].message


def test_chain_length(tree: Path) -> None:
    for index in range(1, 10):
        (tree / f"project/c{index}.yaml").write_text(f"extends: c{index + 1}.yaml\n" if index < 8 else "end: 1\n")
    result, files = load(tree, "extends: c1.yaml\n")
    assert (result, len(files)) == ({"end": 1}, 9)
    (tree / "project/c8.yaml").write_text("extends: c9.yaml\n")
    (tree / "project/c9.yaml").write_text("end: 1\n")
    assert "more than 8 files" in problems(lambda: load(tree, "extends: c1.yaml\n"))[0].message


def test_first_file_may_be_a_link_and_relative(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "project")
    (tree / "project/a.yaml").write_text("extends: base.yaml\n")
    node, files = document.load("a.yaml", "a.yaml", Shelf(tree / "shipped"))
    assert (document.plain(node), files) == ({"title": "base", "n": 1}, ["a.yaml", "base.yaml"])
    (tree / "link.yaml").symlink_to("project/a.yaml")  # the folder is that of the name given, not of what it leads to
    found = problems(lambda: document.load(tree / "link.yaml", "link.yaml", Shelf(tree / "shipped")))
    assert (found[0].line, found[0].path) == (1, "extends")


def test_missing_first_file(tree: Path) -> None:
    with pytest.raises(StorageError):
        document.load(tree / "none.yaml", "none.yaml", Shelf(tree / "shipped"))


def test_standard_input(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tree / "shipped")
    node, files = document.load(b"extends: variant\nn: 7\n", "<stdin>", shelf)
    assert (document.plain(node), files) == (
        {"title": "standard", "n": 7, "m": 6},
        ["<stdin>", "scenarios/variant.yaml", "scenarios/standard.yaml"],
    )
    monkeypatch.chdir(tree / "project")
    for target in ("base.yaml", "./base.yaml", "../shipped/standard.yaml"):
        found = problems(lambda target=target: document.load(f"extends: {target}\n".encode(), "<stdin>", shelf))
        assert (found[0].file, found[0].line, found[0].column) == ("<stdin>", 1, 10)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1\n")))
    assert document.plain(document.load("-", "<stdin>", shelf)[0]) == {"a": 1}
    endless = io.TextIOWrapper(io.BufferedReader(_Endless()))
    monkeypatch.setattr(sys, "stdin", endless)
    with within(1):
        assert "more than" in problems(lambda: document.load("-", "<stdin>", shelf))[0].message


class _Endless(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b"#" * len(buffer)
        return len(buffer)


# ---------------------------------------------------------------- writing


def test_dump() -> None:
    text = "b: 18 months\na:\n- x: 1\n  z: [2.5, 'no']\n- - true\n- {}\nc: {d: [], 'e f': '5'}\ng: 'a: b # c'\n"
    assert document.dump(read(text)) == (
        'b: 18 months\na:\n  - x: 1\n    z:\n      - 2.5\n      - "no"\n  - - true\n  - {}\n'
        'c:\n  d: []\n  e f: "5"\ng: "a: b # c"\n'
    )


def test_dump_with_origins() -> None:
    node = document.overlay(read("a: {b: 1}\nc: [x]", "s.yaml"), document.parse_set("a.b=2"))
    text = document.dump(node, origins=True)
    assert text == "a:\n  b: 2  # --set a.b=2\nc:\n  - x  # s.yaml:2:5\n"
    assert data(text) == {"a": {"b": 2}, "c": ["x"]}


ALLOWED = st.characters(
    exclude_categories=["Cs", "Cc"],
    include_characters="\t\n\r",
    exclude_characters="".join(filter(scalars.FORBIDDEN.match, map(chr, range(0x2000, 0x10000)))),
)
TRAPS = st.sampled_from([text for text, _ in PLAIN_VALUES + REFUSED_VALUES if "\\" not in text and len(text) < 100])
TEXTS = st.one_of(st.text(ALLOWED, max_size=40), TRAPS, st.from_regex(r"[-+.0-9eE_:xoa ]{1,8}", fullmatch=True))
KEYS = st.one_of(
    TEXTS.filter(lambda t: bool(t) and t != "<<" and not set(t) & set("\t\r\n")), st.text("abc", min_size=1)
)
NUMBERS = st.one_of(st.integers(-(10**19) + 1, 10**19 - 1), st.floats(allow_nan=False, allow_infinity=False))
TREES = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def build(raw: Any) -> Node:
    origin = Origin("some file # 1: [x].yaml", 3, 4, "file")
    if isinstance(raw, dict):
        return Mapping({k: build(v) for k, v in raw.items()}, dict.fromkeys(raw, origin), origin)
    if isinstance(raw, list):
        return Sequence(tuple(build(item) for item in raw), origin)
    return Scalar(raw, origin)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and type(right) is float:
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return type(left) is type(right) and bool(left == right)


@settings(max_examples=150, deadline=None)
@given(raw=st.dictionaries(KEYS, TREES, min_size=0, max_size=5), origins=st.booleans())
def test_dump_reads_back(raw: dict[str, Any], origins: bool) -> None:
    assert same(document.plain(read(document.dump(build(raw), origins))), raw)


def test_dump_reads_back_with_the_slower_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "_LOADER", yaml.SafeLoader)
    raw = {f"k{i}": text for i, (text, _) in enumerate(PLAIN_VALUES + REFUSED_VALUES) if "\\" not in text}
    raw = {key: text[:2000] for key, text in raw.items()}
    assert same(document.plain(read(document.dump(build(raw)))), raw)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for call in (
        lambda: document.parse_set(text),
        lambda: document.parse_set(f"a={text}"),
        lambda: read(text.encode("utf-8", "ignore")),
    ):
        with contextlib.suppress(ScenarioError):
            call()


# ---------------------------------------------------------------- mutations

SEEDS = (
    """# a seed
title: "A \\"quoted\\" title"
as_of: 2026-11-22
stages:
  phase_1:
    kind: trial   # a remark
    duration: {median: 18 months, p90: 30 months, assumption: 'it''s a guess'}
    success: 0.6
    after: [a, b.start]
  other:
    notes: |
      some text
      more
    list:
      - x: 1
        y: 2
      - - 3
        - true
""",
    "extends: standard\narms:\n  one:\n    set:\n      stages.a.b: {value: 0.3, evidence: e}\n      c: {d.e: -1.5e3}\n",
    "---\n? a\n: [1, [2, {b: c}], >-\n  folded\n  text\n  ]\n",
)
PIECES = (
    *":-?,[]{}#&*!|>%@`'\"\\~ \t\n\r",
    *(
        ": ",
        "- ",
        "\r\n",
        "  ",
        "\n\n",
        "\n---\n",
        "...",
        "<<: ",
        "*a",
        "&a ",
        "!!x ",
        "null",
        ".inf",
        "1e999",
        "é",
        "\ufeff",
    ),
    *(
        "\x00",
        "\x85",
        "\u2028",
        "\u202e",
        "\ud800",
        "%YAML 1.1\n",
        "|+2\n",
        "\\x",
        "\\ud800",
        "[[[[",
        "9" * 25,
        "x" * 2100,
        "\xa0",
    ),
)


def mutant(index: int) -> bytes:
    """A seed with one to four small injuries, the same for the same index for ever."""
    dice = iter(hashlib.shake_128(f"mutant {index}".encode()).digest(64))

    def roll(sides: int) -> int:
        return (next(dice) * 65536 + next(dice) * 256 + next(dice)) % sides

    text = SEEDS[roll(len(SEEDS))]
    for _ in range(1 + roll(4)):
        at, action = roll(len(text) + 1), roll(4)
        end = min(len(text), at + roll(8))
        middle = ("", PIECES[roll(len(PIECES))], text[at:end] * 2, text[at:end][::-1])[action]
        text = text[:at] + middle + text[at if action == 1 else end :]
    raw = text.encode("utf-8", "surrogatepass")
    if roll(10) == 0:
        at = roll(len(raw) + 1)
        raw = raw[:at] + bytes([roll(256)]) + raw[at + 1 :]
    return raw


def outcome(raw: bytes) -> tuple[bool, Any]:
    try:
        return True, data(raw)
    except ScenarioError as error:
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message.isprintable()
        return False, error.problems


def test_mutants_are_read_or_refused() -> None:
    readable = 0
    for index in range(10_000):
        good, result = outcome(mutant(index))
        readable += good
        if good:
            assert same(data(document.dump(build(result))), result)
    assert 1_000 < readable < 9_000


def test_both_parsers_agree_on_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(yaml, "CSafeLoader"):
        pytest.skip("libyaml is not installed")
    differ = 0
    for index in range(1_000):
        results = []
        for loader in (yaml.CSafeLoader, yaml.SafeLoader):
            monkeypatch.setattr(syntax, "_LOADER", loader)
            results.append(outcome(mutant(index)))
        (good, left), (also_good, right) = results
        if good and also_good:
            assert same(left, right)
        differ += good != also_good and b"?" not in mutant(index)  # only inside brackets is a bare ? read differently
    assert differ == 0
