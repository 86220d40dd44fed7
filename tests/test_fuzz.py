"""Mutated scenario files: whatever stands in a file, it is read or refused, and what is read can be run.

Mutations come from a counter hash, so case n of a part is the same text on every machine and for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pathway_sim.cli import run_command_line
from pathway_sim.engines import batch
from pathway_sim.errors import ScenarioError, StorageError
from pathway_sim.parameters import ParameterSets
from pathway_sim.scenario import SHIPPED, Scenario, load

PARTS, CASES, COMMANDS = 4, 2500, 50
LARGE = 400
REPLICATIONS = 5
SEEDS = Path(__file__).parent / "seeds"
BAD = Path(__file__).parent / "bad"

TOKEN = re.compile(r"[A-Za-z_][\w-]*|[-+]?\d[\d.]*(?:e[-+]?\d+)?|\s+|.", re.DOTALL)
TOKENS = (SEEDS / "tokens.txt").read_text(encoding="utf-8").splitlines()
FACTORS = (0, 0.1, 0.5, 0.9, 1.1, 2, 3, 10)
NUMBERS = [token for token in TOKENS if re.match(r"-?\d", token)]
BYTES = (b"\x00", b"\t", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"#", b":", b"'", b'"', b"{", b"]", b"&a", b"*a", b"!!x")


class Dice:
    """Numbers from a counter: throw i of case `name` is a hash of both."""

    def __init__(self, name: str) -> None:
        self.name, self.thrown = name, 0
        self.odd = self.below(4) == 0  # also changes that seldom leave a file that can be read

    def below(self, n: int) -> int:
        self.thrown += 1
        digest = hashlib.blake2b(f"{self.name}:{self.thrown}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") * n >> 64


def seeds() -> tuple[list[str], list[str], list[str]]:
    """The small files that are valid, the small ones that are not, and the shipped ones."""
    bad = [path.read_text(encoding="utf-8") for path in sorted(BAD.glob("*.yaml")) if path.stat().st_size < 2000]
    good = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.yaml"))]
    return good, bad, [SHIPPED.path(name).read_text(encoding="utf-8") for name in SHIPPED.names()]


def mutated(text: str, other: str, dice: Dice) -> bytes:
    """The text with one to four changes, most of them to numbers below the header, so that many files stay valid."""
    head, sign, body = ("", "", text) if dice.odd else text.partition("stages:")
    for _ in range((1, 1, 1, 2, 2, 3, 4)[dice.below(7)]):
        change = (change_token, change_number, change_number, change_number, change_line)[dice.below(5)]
        body = change(body, other, dice)
    raw = f"{head}{sign}{body}".encode("utf-8", "surrogatepass")
    if dice.below(20) == 0:
        place = dice.below(len(raw) + 1)
        raw = raw[:place] + BYTES[dice.below(len(BYTES))] + raw[place + dice.below(3) :]
    return raw


def change_token(text: str, other: str, dice: Dice) -> str:
    """A word, and now and then a blank or a sign, becomes another or goes."""
    tokens, more = TOKEN.findall(text), TOKEN.findall(other)
    places = [k for k, token in enumerate(tokens) if dice.odd or token[0].isalnum()]
    if not places or not more:
        return other
    place = places[dice.below(len(places))]
    news = (TOKENS[dice.below(len(TOKENS))], more[dice.below(len(more))], tokens[dice.below(len(tokens))], "")
    return "".join([*tokens[:place], news[dice.below(3 + dice.odd)], *tokens[place + 1 :]])


def change_number(text: str, _other: str, dice: Dice) -> str:
    """A number becomes larger or smaller, with its unit; or any other number, with or without it."""
    found = list(re.finditer(r"(?<=[ :\[])(-?\d[\d.]*)( (?:days?|weeks?|months?|years?))?(?![\w-])", text))
    if not found:
        return text
    match = found[dice.below(len(found))]
    number, unit = match[1], match[2] or ""
    if dice.below(3):
        number = f"{float(number) * FACTORS[dice.below(len(FACTORS))]:.6g}" if number.count(".") < 2 else "0"
    else:
        number = NUMBERS[dice.below(len(NUMBERS))]
        unit = "" if " " in number or "/" in number or dice.odd else unit
    return text[: match.start()] + number + unit + text[match.end() :]


def change_line(text: str, other: str, dice: Dice) -> str:
    """A line goes, comes twice, moves in or out, or is taken from another file."""
    lines, more = text.splitlines(), other.splitlines() or [""]
    if not lines:
        return other
    place, what = dice.below(len(lines)), dice.below(5)
    if what == 0:
        del lines[place]
    elif what == 1:
        lines.insert(place, lines[dice.below(len(lines))])
    elif what == 2:
        lines[place] = "  " + lines[place]
    elif what == 3:
        lines[place] = lines[place].removeprefix("  ")
    else:
        lines.insert(place, more[dice.below(len(more))])
    return "\n".join(lines) + "\n"


def cases(part: int, count: int) -> Iterator[tuple[str, bytes]]:
    """The name and the text of each case; one in two hundred is a shipped scenario, which takes long to read."""
    good, bad, shipped = seeds()
    for number in range(count):
        dice = Dice(f"{part}:{number}")
        kind = dice.below(200)
        pool = shipped if kind == 0 else bad if kind < 60 else good
        text, other = pool[dice.below(len(pool))], (good + bad)[dice.below(len(good + bad))]
        yield f"{part}:{number}", mutated(text, other, dice)


def run(scenario: Scenario) -> None:
    """Run some replications of each of the first arms, unless they are large."""
    for pathway in list(scenario.pathways.values())[:2]:
        if len(pathway.steps) <= LARGE:
            sets = ParameterSets(1, min(scenario.parameter_sets, 7))
            trajectories = batch.simulate(pathway, sets, 0, REPLICATIONS)
            assert not np.isnan(trajectories.start).any()
            assert not np.isnan(trajectories.end).any()


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_files(part: int) -> None:
    """Every file is read or refused with what is wrong with it; what is read can be run."""
    valid = 0
    for name, raw in cases(part, CASES):
        try:
            scenario = load(raw)
            valid += 1
            run(scenario)
        except (ScenarioError, StorageError):
            continue
        except BaseException as error:
            error.add_note(f"case {name}:\n{raw.decode('utf-8', 'replace')}")
            raise
    assert valid > CASES / 20, "the mutations are too rough to try much"


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_files_on_the_command_line(part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says what is wrong, with the exit code for it and without a traceback."""
    path = tmp_path / "mine.yaml"
    for name, raw in cases(PARTS + part, COMMANDS):
        path.write_bytes(raw)
        code = run_command_line(["check", str(path)])
        if code == 0:
            code = run_command_line(["run", str(path), "-n", "100", "--format", "csv"])
        errors = capsys.readouterr().err
        assert code in (0, 3, 4), f"case {name}: {errors}\n{raw.decode('utf-8', 'replace')}"
        assert "Traceback" not in errors, name
        assert code == 0 or "problem" in errors or "error: " in errors, name
