"""Wrong scenario files: every problem at once, each at its place, in words that a user can act on.

Beside each file ``tests/bad/NAME.yaml`` stands ``NAME.txt``: exactly what ``pathway-sim check NAME.yaml`` prints on
standard error in that folder. After a change on purpose, ``python tests/test_bad_files.py`` writes the texts anew; read
the difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pathway_sim.cli import run_command_line
from pathway_sim.errors import ScenarioError, StorageError
from pathway_sim.scenario import load

BAD = Path(__file__).parent / "bad"
NAMES = sorted(path.stem for path in BAD.glob("*.yaml"))
COMMANDS = (
    "anchors_and_tags",
    "arms_report_once",
    "cycle_through_effect",
    "empty",
    "evidence_several_figures",
    "extends_base_with_faults",
    "kind_unknown",
    "lognormal_sd_log_700",
    "many_faults",
    "missing_fields",
)
JARGON = re.compile(
    r"pydantic|input|NoneType|Traceback|https?:|#|\bdict\b|\bstr\b|\bfloat\b|\btuple\b|\bnan\b|Error\b", re.I
)


def told(name: str) -> str:
    """What is said of a file, as the command line prints it."""
    try:
        load(f"{name}.yaml")
    except ScenarioError as error:
        count = len(error.problems)
        return f"{error}\n{count} problem{'s' if count > 1 else ''}\n"
    return "valid\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    expected = (BAD / f"{name}.txt").read_text(encoding="utf-8")
    assert told(name) == expected
    assert expected != "valid\n"
    quoted = (BAD / f"{name}.yaml").read_text(encoding="utf-8")
    for line in expected.splitlines()[:-1]:
        assert re.match(r"[\w/]+\.yaml:\d+:\d+   \S", line), line
        for word in JARGON.findall(line):
            assert word in quoted, f"{word!r} means nothing to a user: {line}"


def test_there_are_no_texts_without_a_file() -> None:
    assert sorted(path.stem for path in BAD.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line_says_the_same(name: str) -> None:
    root = str(BAD.parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "pathway_sim", "check", f"{name}.yaml"],
        cwd=BAD,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (BAD / f"{name}.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"\d+ problems?", done.stderr.splitlines()[-1])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "nowhere.yaml"], 5, "there is no such file"),
        (["check", "nobody"], 5, "no shipped scenario"),
        (["check", "bases"], 5, "this is a folder"),
        (["check", "msc-dnp"], 5, 'did you mean "msc-dpn"?'),
        (["run", "bases/missing/x.yaml"], 5, "there is no such file"),
        (["check"], 2, "Missing argument"),
        (["check", "empty.yaml", "--nothing"], 2, "No such option"),
        (["run", "msc-dpn", "--replications", "many"], 2, "not a valid integer"),
        (["run", "msc-dpn", "--arm", "rmta", "-n", "10"], 2, 'did you mean "rmat"?'),
        (["nothing"], 2, "No such command"),
        (["check", "msc-dpn", "--set", "stages.phase_1.succes=0.5"], 3, 'did you mean "success"?'),
        (["check", "msc-dpn", "--set", "stages.phase_1.success"], 3, "write path=value"),
        (["run", "msc-dpn", "-n", "10", "--set", "stages.phase_1.success=2"], 3, "must lie between 0 and 1, is 2"),
    ],
)
def test_exit_codes(
    arguments: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(BAD)
    assert run_command_line(arguments) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert "Traceback" not in captured.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for this user")
def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("format: 1\n")
    path.chmod(0)
    assert run_command_line(["check", str(path)]) == 5


def test_other_than_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    for name in ("folder.yaml", "loop.yaml"):
        with pytest.raises(StorageError):
            load(tmp_path / name)
        assert run_command_line(["check", str(tmp_path / name)]) == 5


def test_a_stated_value_does_not_outlive_its_parameters() -> None:
    """A changed parameter drops the value stated for the old ones, unless the change states one too."""
    path = "stages.phase_1.success"
    changed = load("msc-dpn", sets=[f"{path}.median=0.6"])
    restated = load("msc-dpn", sets=[f"{path}.median=0.6", f"{path}.value=0.7"])
    same = load("msc-dpn", sets=[f"{path}.median=0.48"])
    values = []
    for scenario in (changed, restated, same):
        pathway = scenario.pathways[scenario.baseline]
        values.append(pathway.steps[pathway.rank["phase_1/1"]].inputs["success"].source.value)  # type: ignore[union-attr]
    assert values == [pytest.approx(0.597, abs=0.002), 0.7, 0.48]


def test_counts_of_a_dirichlet_take_its_stated_shares_with_them() -> None:
    changed = load("msc-dpn", sets=["stages.bla.cause.counts.cmc=100"])
    pathway = changed.pathways[changed.baseline]
    assert pathway.steps[pathway.rank["bla.review/1"]].inputs["cause.cmc"].source.value == pytest.approx(100 / 106)  # type: ignore[union-attr]


if __name__ == "__main__":
    os.chdir(BAD)
    for each in NAMES:
        Path(f"{each}.txt").write_text(told(each), encoding="utf-8")
