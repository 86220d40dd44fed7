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
NUMBERS = (
    "0", "1", "-1", "0.5", "0.1", "0.01", "0.7", "0.3", "2", "3", "5", "10", "20", "50", "51", "100", "1e-308", "1e-12", "1e-3", "1e3", "1e6", "1e15", "1e30", "1e100", "1e300",
    "1e308", "-1e308", "9223372036854775807", "0.9999999999999999", "1.0000001", "700", "0 days", "1 day", "-3 days",
    "1e-300 days", "1000 years", "999 years", "200 years", "1e-9 per year", "1e6 per day", "1/day",
)  # fmt: skip
WORDS = (
    "rest", "true", "false", "null", "yes", "[]", "{}", "[[]]", "work", "trial", "hold", "meeting", "designation",
    "application", "fixed", "uniform", "triangular", "pert", "exponential", "weibull", "gamma", "lognormal", "normal",
    "beta", "logitnormal", "quantiles", "empirical", "mixture", "enrolment", "dirichlet", "value", "kind", "evidence",
    "quantity", "start", "skipped", "done", "failed", "success", "exhausted", "crl", "first", "later", "all", "any",
    "not", "if", "on", "set", "scale", "odds", "min", "max", "shift", "median", "sd_log", "mean", "sd", "at_most",
    "suc_bio21_all.phase1_to_2", "dur_bio21_all.phase1", "msc-dpn", "tally.resubmissions",
)  # fmt: skip
BYTES = (b"\x00", b"\t", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"#", b":", b"'", b'"', b"{", b"]", b"&a", b"*a", b"!!x", b"|")


class Dice:
    """Numbers from a counter: throw i of case `name` is a hash of both."""

    def __init__(self, name: str) -> None:
        self.name, self.thrown = name, 0

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
    """The text with one to four changes, most of them to numbers, so that many files stay valid."""
    for _ in range((1, 1, 1, 2, 2, 3, 4)[dice.below(7)]):
        text = (change_token, change_number, change_number, change_number, change_line)[dice.below(5)](text, other, dice)
    raw = text.encode("utf-8", "surrogatepass")
    if dice.below(20) == 0:
        place = dice.below(len(raw) + 1)
        raw = raw[:place] + BYTES[dice.below(len(BYTES))] + raw[place + dice.below(3) :]
    return raw


def change_token(text: str, other: str, dice: Dice) -> str:
    tokens, more = TOKEN.findall(text), TOKEN.findall(other)
    if not tokens or not more:
        return other
    place = dice.below(len(tokens))
    new = (WORDS[dice.below(len(WORDS))], more[dice.below(len(more))], tokens[dice.below(len(tokens))], "")[dice.below(4)]
    return "".join([*tokens[:place], new, *tokens[place + 1 :]])


def change_number(text: str, _other: str, dice: Dice) -> str:
    """One number becomes another, its unit left as it is or replaced too."""
    found = list(re.finditer(r"(?<=[ :\[])-?\d[\d.]*(?: (?:days?|weeks?|months?|years?))?(?![\w-])", text))
    if not found:
        return text
    match = found[dice.below(len(found))]
    new = NUMBERS[dice.below(len(NUMBERS))]
    unit = match.group().partition(" ")[2]
    if unit and " " not in new and "/" not in new and dice.below(4):
        new = f"{new} {unit}"
    return text[: match.start()] + new + text[match.end() :]


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
    """The name and the text of each case; one in a hundred is a shipped scenario, which takes long to read."""
    good, bad, shipped = seeds()
    for number in range(count):
        dice = Dice(f"{part}:{number}")
        kind = dice.below(100)
        pool = shipped if kind == 0 else bad if kind < 30 else good
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
        except (ScenarioError, StorageError) as error:
            assert str(error), name
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
