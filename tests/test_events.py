"""The event log and the results: the same bytes for any engine, chunk size and number of workers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from agreement import read
from made import shipped
from pathways import random_pathway

from pathway_sim.analysis.as_json import to_json
from pathway_sim.analysis.study import Chunk
from pathway_sim.errors import StorageError, UsageError
from pathway_sim.report import events
from pathway_sim.report.events import log
from pathway_sim.run import Settings, run
from pathway_sim.scenario import SHIPPED, Scenario

SCENARIOS = SHIPPED.names()
CHUNKS = (1, 7, 16, 1000)
WORKERS = (1, 2, 3)


def replications(name: str) -> int:
    """How many replications the slow engine walks: fewer where there are 17 arms."""
    return 40 if len(shipped(name).pathways) > 10 else 120


def written(scenario: Scenario, path: Path, **given: Any) -> tuple[bytes, str]:
    """The bytes of the event log and the JSON of a run, without what the manifest says of the engine."""
    with log(path) as sink:
        results = run(scenario, Settings(**given), observe=sink.add)
    found = to_json(results)
    manifest = {name: value for name, value in found["manifest"].items() if not name.startswith("engine")}
    return path.read_bytes(), json.dumps(found | {"manifest": manifest})


# --- The same bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_engines_write_the_same_bytes_on_shipped_scenarios(name, tmp_path):
    one = written(shipped(name), tmp_path / "b.csv", replications=replications(name), engine="batch")
    other = written(shipped(name), tmp_path / "r.csv", replications=replications(name), engine="reference", chunk=50)
    assert one == other
    assert len(one[0].splitlines()) > replications(name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_workers_and_chunks_change_no_byte_on_shipped_scenarios(name, tmp_path):
    count = 12 if len(shipped(name).pathways) > 10 else 30
    expected = written(shipped(name), tmp_path / "whole.csv", replications=count, engine="batch")
    for workers, chunk in [*((1, chunk) for chunk in CHUNKS), (2, 7), (2, 16), (3, 7), (3, 1000)]:
        path = tmp_path / f"{workers}-{chunk}.csv"
        given = {"replications": count, "engine": "batch", "workers": workers, "chunk": chunk}
        assert written(shipped(name), path, **given) == expected


@pytest.mark.parametrize("first", range(0, 300, 25))
def test_engines_workers_and_chunks_change_no_byte_on_random_pathways(first, tmp_path):
    for k in range(first, first + 25):
        scenario = read(random_pathway(k))
        sets = 1 + 2 * (k % 2)
        slow = written(
            scenario, tmp_path / "r.csv", replications=6, engine="reference", parameter_sets=sets, workers=1, chunk=4
        )
        fast = written(
            scenario,
            tmp_path / "b.csv",
            replications=6,
            engine="batch",
            parameter_sets=sets,
            workers=WORKERS[k % 3],
            chunk=(1, 2, 5, 6)[k % 4],
        )
        assert fast == slow, k


def test_worker_processes_of_the_reference_engine_change_no_byte(tmp_path):
    given = {"replications": 30, "engine": "reference", "chunk": 8}
    one = written(shipped("msc-dpn"), tmp_path / "one.csv", workers=1, **given)
    assert written(shipped("msc-dpn"), tmp_path / "two.csv", workers=2, **given) == one


def test_one_replication_can_be_replayed_by_its_number(tmp_path):
    given = {"engine": "batch", "compare": False}
    alone, _ = written(shipped("msc-dpn"), tmp_path / "alone.csv", first=48_213, replications=1, **given)
    whole, _ = written(shipped("msc-dpn"), tmp_path / "whole.csv", replications=48_214, **given)
    header, *lines = whole.splitlines()
    assert alone.splitlines() == [header, *(line for line in lines if line.startswith(b"48213,"))]
    assert len(alone.splitlines()) > 2


# --- What stands in the log -------------------------------------------------------------------------------------------


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_rows_are_sorted_and_say_what_the_trajectories_say(tmp_path):
    scenario = shipped("msc-dpn")
    path = tmp_path / "log.csv"
    kept = []
    with log(path) as sink:
        run(scenario, Settings(replications=300), observe=lambda chunk: (kept.append(chunk), sink.add(chunk)))
    rows = table(path)
    expected = []
    for name, t in kept[0].items():
        for rank, step in enumerate(t.pathway.steps):
            expected += [
                (k, name, start, rank, step, end, step.outcomes[code] if code >= 0 else "")
                for k, (start, end, code) in enumerate(zip(t.start[rank], t.end[rank], t.outcome[rank], strict=True))
                if start < t.pathway.horizon
            ]
    expected.sort(key=lambda row: row[:4])
    assert len(rows) == len(expected)
    for row, (k, name, start, _, step, end, outcome) in zip(rows, expected, strict=True):
        assert (int(row["replication"]), row["arm"], row["program"]) == (k, name, "program")
        assert (row["stage"], int(row["visit"]), row["outcome"]) == (step.place, step.visit, outcome)
        assert float(row["ready"]) == float(row["start"]) == start
        assert row["end"] == ("" if end == float("inf") else repr(float(end)))


def test_a_log_without_rows_has_its_header(tmp_path):
    path = tmp_path / "log.csv"
    with log(path):
        pass
    assert path.read_text() == "replication,arm,program,stage,visit,ready,start,end,outcome\n"


@pytest.mark.parametrize("name", ["msc-dpn", "bio-2021"])
def test_parquet_holds_the_rows_of_the_csv(name, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    given = {"replications": 200, "chunk": 64}
    written(shipped(name), tmp_path / "log.csv", **given)
    written_parquet = tmp_path / "log.parquet"
    with log(written_parquet) as sink:
        run(shipped(name), Settings(**given), observe=sink.add)
    rows = [[cell(value) for value in row.values()] for row in parquet.read_table(written_parquet).to_pylist()]
    assert rows == [list(row.values()) for row in table(tmp_path / "log.csv")]


def cell(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_parquet_and_csv_do_not_depend_on_when_they_are_written(ending, tmp_path):
    files = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in files:
        with log(path) as sink:
            run(shipped("msc-dpn"), Settings(replications=50), observe=sink.add)
    assert files[0].read_bytes() == files[1].read_bytes()


# --- No partial file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_an_exception_leaves_no_file(ending, tmp_path):
    path = tmp_path / f"log{ending}"

    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), log(path) as sink:
        run(shipped("msc-dpn"), Settings(replications=40, chunk=20), observe=sink.add, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_an_earlier_log_as_it_was(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("earlier")

    def stop(_count: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), log(path) as sink:
        run(shipped("msc-dpn"), Settings(replications=5), observe=sink.add, progress=stop)
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_log_that_cannot_be_written_is_a_storage_error(ending, tmp_path):
    with pytest.raises(StorageError, match="cannot write"), log(tmp_path / "missing" / f"log{ending}"):
        pass
    folder = tmp_path / f"folder{ending}"
    folder.mkdir()
    with pytest.raises(StorageError, match="cannot write"), log(folder):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_full_disk_is_a_storage_error(tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    sink = log(tmp_path / "log.csv")

    def fill(chunk: Chunk) -> None:
        sink.stream.close()
        sink.stream = full.open("w", encoding="utf-8")
        sink.add(chunk)

    with pytest.raises(StorageError, match="No space"), sink:
        run(shipped("msc-dpn"), Settings(replications=2000), observe=fill)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        log(tmp_path / "log.txt")
    assert set(events.LOGS) == {".csv", ".parquet"}


# --- Workers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", WORKERS)
def test_a_failing_observer_stops_the_run(workers):
    def fail(_chunk: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(shipped("msc-dpn"), Settings(replications=400, chunk=10, workers=workers), observe=fail)


@pytest.mark.parametrize("workers", WORKERS)
def test_progress_and_chunks_come_in_order(workers):
    counts, firsts = [], []
    run(
        shipped("bio-2021"),
        Settings(arms=("all",), compare=False, replications=95, first=5, chunk=10, workers=workers),
        observe=lambda chunk: firsts.append(chunk["all"].first),
        progress=counts.append,
    )
    assert counts == [10] * 9 + [5]
    assert firsts == list(range(5, 100, 10))


@pytest.mark.parametrize(
    "given",
    [
        {"replications": 0},
        {"workers": 0},
        {"parameter_sets": -1},
        {"parameter_sets": 0},
        {"arms": ("standrd",)},
        {"baseline": "rmatt"},
        {"chunk": 0},
        {"first": -1},
    ],
)
def test_settings_that_make_no_sense_are_wrong_usage(given):
    with pytest.raises(UsageError):
        run(shipped("msc-dpn"), Settings(**({"replications": 10} | given)))
