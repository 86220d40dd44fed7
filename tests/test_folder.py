"""A saved run: complete or not there, the same bytes again, every bit vouched for, and nobody named."""

from __future__ import annotations

import hashlib
import json
import platform
import random
from pathlib import Path

import pytest

from pathway_sim.analysis.as_json import to_json
from pathway_sim.errors import StorageError
from pathway_sim.report import folder
from pathway_sim.run import Settings, run
from pathway_sim.scenario import load

NAMES = ["curves.csv", "manifest.json", "references.csv", "results.json", "scenario.yaml"]
PARTIAL = """
format: 1
name: part
title: Part of a number is changed
extends: msc-dpn
stages:
  phase_2: {duration: {sd_log: 0.5}}
arms:
  rmat: {set: {stages.phase_2.success: 0.5}}
"""


def saved(target: Path, source: str = "msc-dpn", sets: tuple[str, ...] = (), replications: int = 300):
    """Save a small run."""
    scenario = load(source, sets=sets)
    results = run(scenario, Settings(replications=replications))
    folder.save(target, scenario, results)
    return scenario, results


def hashes(path: Path) -> dict[str, str]:
    return {name: f"sha256:{hashlib.sha256((path / name).read_bytes()).hexdigest()}" for name in NAMES}


def test_the_folder_holds_the_results_and_their_hashes(tmp_path):
    _, results = saved(tmp_path / "saved")
    assert sorted(each.name for each in (tmp_path / "saved").iterdir()) == NAMES
    assert list(tmp_path.iterdir()) == [tmp_path / "saved"]
    manifest = json.loads((tmp_path / "saved" / "manifest.json").read_text())
    found = hashes(tmp_path / "saved")
    del found["manifest.json"]
    assert manifest["files"] == found
    assert {name: manifest[name] for name in results.manifest} == results.manifest
    assert json.loads((tmp_path / "saved" / "results.json").read_text()) == to_json(results)
    assert set(manifest) - set(results.manifest) == {"python", "platform", "packages", "files"}


def test_the_same_run_gives_the_same_bytes(tmp_path):
    saved(tmp_path / "one")
    saved(tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_any_flipped_bit_is_found(tmp_path):
    saved(tmp_path / "saved", replications=30)
    manifest = json.loads((tmp_path / "saved" / "manifest.json").read_text())
    chance = random.Random(1)
    for _ in range(200):
        name = chance.choice(["curves.csv", "references.csv", "results.json", "scenario.yaml"])
        data = bytearray((tmp_path / "saved" / name).read_bytes())
        place = chance.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" != manifest["files"][name]


def test_nothing_tells_where_or_by_whom(tmp_path, monkeypatch):
    made_up = {"HOME": "/home/ada-of-hampstead", "USER": "ada-of-hampstead", "LOGNAME": "ada-of-hampstead"}
    for name, value in made_up.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(platform, "node", lambda: "ada-of-hampstead")
    file = tmp_path / "part.yaml"
    file.write_text(PARTIAL)
    saved(tmp_path / "saved", str(file))
    for name in NAMES:
        text = (tmp_path / "saved" / name).read_text()
        for word in (str(tmp_path), str(Path.cwd()), "ada-of-hampstead"):
            assert word not in text, (name, word)
    assert "changed by part.yaml" in (tmp_path / "saved" / "scenario.yaml").read_text()


@pytest.mark.parametrize(
    "sets", [(), ("stages.phase_2.success=0.4",), ("stages.rmat.enabled=true", "parameter_sets=3")]
)
def test_the_saved_scenario_gives_the_same_results(tmp_path, sets):
    file = tmp_path / "part.yaml"
    file.write_text(PARTIAL)
    _, results = saved(tmp_path / "saved", str(file), sets)
    again = to_json(run(load(tmp_path / "saved" / "scenario.yaml"), Settings(replications=300)))
    assert (again["arms"], again["comparisons"]) == (to_json(results)["arms"], to_json(results)["comparisons"])


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dangling"])
def test_what_exists_is_left_alone(tmp_path, kind):
    target = tmp_path / "saved"
    if kind == "folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path if kind == "link" else tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StorageError, match="exists already"):
        saved(target, replications=10)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("at", ["_write", "_files"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(tmp_path, monkeypatch, at, error):
    real, calls = getattr(folder, at), []

    def failing(*arguments):
        calls.append(arguments)
        if at == "_files" or len(calls) == 3:
            raise error
        return real(*arguments)

    monkeypatch.setattr(folder, at, failing)
    wanted = StorageError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(wanted):
        saved(tmp_path / "deep" / "er" / "saved", replications=10)
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_into_one_folder_one_wins(tmp_path, monkeypatch):
    scenario = load("msc-dpn")
    results = run(scenario, Settings(replications=10))
    real = folder._files

    def slow(*arguments):
        (tmp_path / "saved").mkdir()
        (tmp_path / "saved" / "manifest.json").write_text("the other's")
        return real(*arguments)

    monkeypatch.setattr(folder, "_files", slow)
    with pytest.raises(StorageError, match="cannot write"):
        folder.save(tmp_path / "saved", scenario, results)
    assert [each.name for each in tmp_path.iterdir()] == ["saved"]
    assert (tmp_path / "saved" / "manifest.json").read_text() == "the other's"
