"""Speed, without a clock: the work that is done, counted, against what it was when it was last looked at.

A number in `MOST` may be exceeded by a fifth. Who makes the program do less work puts the lower number there: it stands
in the message of a test with a limit of 0.
"""

from __future__ import annotations

import functools
import importlib
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathway_sim import draws
from pathway_sim.engines import Arms, engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.run import Settings, run

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
LOSS = 1.2
CHUNK = 4096
SHARED = ("ind_prep", "ind.review", "ind.hold", "phase_1", "gap_1_2", "phase_2")
"""Places of the reference pathway that are the same in both arms."""
MOST = {
    "batch, attrition": 2650,
    "batch, dense": 2650,
    "batch, two arms": 5080,
    "batch, uncertain places and scales": 3160,
    "batch, uncertain shapes": 3250,
    "reference, attrition": 184,
    "reference, dense": 474,
    "bytes kept, attrition": 156,
    "bytes kept, dense": 334,
    "bytes held, attrition": 205,
    "bytes held, dense": 338,
}
"""Calls of Python functions for a chunk of a run with all statistics, or for a replication of the reference engine;
bytes for a replication of a chunk.
"""


@functools.cache
def benchmark(name: str):
    """A module of the benchmarks."""
    for folder in (BENCHMARKS, BENCHMARKS / "by_hand"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    return importlib.import_module(name)


def at_most(name: str, found: float) -> None:
    assert found <= LOSS * MOST[name], f"{name}: {found:.5g}, was {MOST[name]}"


def reference(dense: bool = False):
    return benchmark("measures.ours").reference(dense)


# --- Calls ------------------------------------------------------------------------------------------------------------


def calls(task: Callable[[], object]) -> int:
    """How many Python functions a task calls once all that is kept is known."""
    task()
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        task()
    finally:
        sys.setprofile(before)
    return count


def calls_of_a_chunk(scenario, arms: tuple[str, ...], sets: int) -> int:
    """What one more chunk of a run takes."""

    def task(chunks: int):
        settings = Settings(arms, compare=len(arms) > 1, replications=chunks * CHUNK, parameter_sets=sets, chunk=CHUNK)
        return lambda: run(scenario, settings)

    return calls(task(3)) - calls(task(2))


def scenario_of(what: str):
    made = benchmark("measures.cases")
    overrides = {"uncertain places and scales": made.PLACED, "uncertain shapes": made.SHAPED}
    return made.uncertain(overrides[what]) if what in overrides else reference(what == "dense")


@pytest.mark.parametrize("name", [name for name in MOST if name.startswith("batch")])
def test_a_chunk_of_a_run_takes_few_calls(name):
    what = name.partition(", ")[2]
    arms = ("std", "rmat") if what == "two arms" else ("rmat",)
    at_most(name, calls_of_a_chunk(scenario_of(what), arms, 1000 if "uncertain" in what else 1))


@pytest.mark.parametrize("name", [name for name in MOST if name.startswith("reference")])
def test_a_replication_of_the_reference_engine_takes_few_calls(name):
    arms, sets = Arms.of({"rmat": scenario_of(name.partition(", ")[2]).pathways["rmat"]}), ParameterSets(1)
    walk = functools.partial(engine("reference").simulate_arms, arms, sets, 0)
    at_most(name, (calls(functools.partial(walk, 400)) - calls(functools.partial(walk, 100))) / 300)


# --- Draws ------------------------------------------------------------------------------------------------------------


def drawn(monkeypatch, scenario, *names: str) -> Counter[str]:
    """How many numbers the batch engine draws from each stream in a chunk."""
    count: Counter[str] = Counter()
    uniform = draws.uniform

    def counted(seed: int, stream: str, replications):
        count[stream] += len(replications)
        return uniform(seed, stream, replications)

    arms = Arms.of({name: scenario.pathways[name] for name in names})
    with monkeypatch.context() as patch:
        patch.setattr(draws, "uniform", counted)
        for each in engine("batch").simulate_arms(arms, ParameterSets(1), 0, CHUNK).values():
            each.endings(), each.arrivals(scenario.goal)
    return count


def drawn_by_hand(monkeypatch, dense: bool) -> Counter[str]:
    """The same for the hand-written model in NumPy."""
    count: Counter[str] = Counter()
    model, names = benchmark("numpy_keyed"), benchmark("draws")
    words = model._Sampler.words

    def counted(self, sequence, name: str, visit: int = 1):
        count[names.stream(name, visit)] += sequence.size
        return words(self, sequence, name, visit)

    with monkeypatch.context() as patch:
        patch.setattr(model._Sampler, "words", counted)
        model.run("rmat", 0, CHUNK, dense=dense)
    return count


@pytest.mark.parametrize("dense", [False, True])
def test_the_batch_engine_draws_what_the_hand_written_model_draws(monkeypatch, dense):
    ours, wanted = drawn(monkeypatch, reference(dense), "rmat"), drawn_by_hand(monkeypatch, dense)
    # What a model of this pathway alone can know: that a hold is lifted for certain, that a program is not granted
    # RMAT before Phase 2 fails, and that who withdraws gives no answer.
    wanted["program/ind.hold/1/outcome"] = wanted["program/ind.hold/1/repair"]
    wanted["program/rmat.decision/1/outcome"] = wanted["program/phase_2/1/duration"]
    for visit in (1, 2, 3):
        for purpose in ("response", "class"):
            name = f"program/bla.response/{visit}"
            wanted[f"{name}/{purpose}"] = wanted[f"{name}/withdraw"]
    assert not {name: (count, wanted[name]) for name, count in ours.items() if count > wanted[name]}
    assert +ours


def test_what_arms_share_is_drawn_once(monkeypatch):
    one, two = (drawn(monkeypatch, reference(), *names) for names in (("rmat",), ("std", "rmat")))
    shared = {stream for stream in one if stream.split("/")[1] in SHARED}
    assert len(shared) >= len(SHARED)
    assert {stream: two[stream] for stream in shared} == {stream: one[stream] for stream in shared}


# --- Memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["attrition", "dense"])
def test_a_chunk_holds_little_memory(case):
    arms, sets = Arms.of({"rmat": scenario_of(case).pathways["rmat"]}), ParameterSets(1)
    task = functools.partial(engine("batch").simulate_arms, arms, sets, 0, CHUNK)
    task()
    tracemalloc.start()
    try:
        trajectories = task()["rmat"]
        kept = sum(column.nbytes for each in trajectories.visits for column in _columns(each))
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    at_most(f"bytes kept, {case}", kept / CHUNK)
    at_most(f"bytes held, {case}", held / CHUNK)


def _columns(visits) -> list[np.ndarray]:
    return [visits.rows, visits.start, visits.end, visits.outcome]


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_and_its_pictures_show_the_last_record():
    page, pictures = benchmark("measures.page"), benchmark("measures.pictures")
    records = benchmark("measures.history").records()
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, page.tables(records)) == text
    for name, (words, _) in pictures.pictures(records).items():
        assert f">{words.title}</title>" in (pictures.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert f"images/{name}.svg" in text


def test_a_record_is_read_as_it_was_written(tmp_path):
    history, figure = benchmark("measures.history"), benchmark("measures.figure")
    figures = [
        figure.Figure("rates: a", 12345678.0, 23456789.0, "per second"),
        figure.Figure("ratios: b", 0.5, 0.7, "×", figure.at_least(0.6)),
    ]
    for _ in range(2):
        history.append(figures, tmp_path / "history.csv")
    first, second = history.records(tmp_path / "history.csv")
    assert first == second
    assert [each.verdict() for each in first.figures.values()] == ["", "MISSED"]
    assert first.figures["ratios: b"] == figures[1]
    assert first.figures["rates: a"].value == pytest.approx(figures[0].value, rel=1e-4)
