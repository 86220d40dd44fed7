"""Workers change no byte, whoever they are and in whatever order they work; and so many as pay."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from made import shipped
from test_events import written

from pathway_sim import run as running
from pathway_sim import workers
from pathway_sim.analysis.as_json import to_json
from pathway_sim.engines import ENGINES, engine
from pathway_sim.errors import PathwayError, RequirementError, UsageError
from pathway_sim.run import Settings, run

SMALL = {"replications": 300, "chunk": 16}
JOB = running._Job(None, "batch", 1, 1, False, False, 100)  # type: ignore[arg-type]  # nobody works at it


class Later(Future[Any]):
    """A future whose work is done when somebody asks for it."""

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__()
        self.ask = ask

    def result(self, timeout: float | None = None) -> Any:
        """Do what was put off."""
        self.ask()
        return super().result(timeout)


class Backwards(Executor):
    """Does the last task first, each of them `times` over; counts how many wait for their results at most."""

    def __init__(self, times: int = 1) -> None:
        self.times, self.most = times, 0
        self.left: list[tuple[Later, Callable[..., Any], tuple[Any, ...]]] = []
        self.unread = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_none: Any) -> Future[Any]:
        """Put it off."""
        future = Later(self.work)
        self.left.append((future, fn, args))
        self.unread += 1
        self.most = max(self.most, self.unread)
        return future

    def work(self) -> None:
        """Do all that was put off, because one of the results is read."""
        self.unread -= 1
        while self.left:
            future, task, arguments = self.left.pop()
            results = [task(*arguments) for _ in range(self.times)]
            future.set_result(results[-1])


def with_pool(monkeypatch: pytest.MonkeyPatch, executor: Executor) -> None:
    """Let a run have these workers instead of its own."""

    @contextmanager
    def pool(_kind: str, _count: int) -> Iterator[Executor]:
        yield executor

    monkeypatch.setattr(running, "pool", pool)


# --- The same bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["msc-dpn", "bio-2021"])
@pytest.mark.parametrize("executor", [Backwards(), Backwards(times=2), ThreadPoolExecutor(3)], ids=["back", "2", "3"])
def test_any_executor_gives_the_same_bytes(executor, name, tmp_path, monkeypatch):
    one = written(shipped(name), tmp_path / "one.csv", workers=1, **SMALL)
    with_pool(monkeypatch, executor)
    assert written(shipped(name), tmp_path / "two.csv", workers=3, **SMALL) == one


@pytest.mark.parametrize(("name", "kind"), [("batch", "processes"), ("reference", "threads")])
def test_each_engine_can_have_the_other_kind_of_workers(name, kind, tmp_path, monkeypatch):
    given = {"replications": 60, "chunk": 8, "engine": name}
    one = written(shipped("msc-dpn"), tmp_path / "one.csv", workers=1, **given)
    assert engine(name).pool != kind
    monkeypatch.setattr(engine(name), "pool", kind)
    assert written(shipped("msc-dpn"), tmp_path / "two.csv", workers=2, **given) == one


@pytest.mark.parametrize("chunk", [30, 100, 1000])
def test_merged_parts_are_the_whole(chunk, monkeypatch):
    settings = {"replications": 1000, "chunk": chunk, "engine": "batch"}
    whole = to_json(run(shipped("msc-dpn"), Settings(workers=1, **settings)))
    with_pool(monkeypatch, Backwards())
    assert to_json(run(shipped("msc-dpn"), Settings(workers=2, **settings))) == whole


# --- What is done in one go -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replications", [1, 99, 100, 101, 12_345, 10**6])
@pytest.mark.parametrize("count", [1, 2, 3, 17])
@pytest.mark.parametrize("first", [0, 41])
def test_parts_are_whole_chunks_and_cover_a_run_once(replications, count, first):
    spans = list(running._spans(JOB, Settings(replications=replications, first=first), count))
    assert spans[0][0] == first
    assert all(start + size == following for (start, size), (following, _) in pairwise(spans))
    assert sum(size for _, size in spans) == replications
    assert len({size for _, size in spans[:-1]}) <= 1
    assert all(size % JOB.size == 0 for _, size in spans[:-1])
    if count > 1 and replications >= running.PARTS * count * JOB.size:
        assert running.PARTS * count <= len(spans) <= 2 * running.PARTS * count + 1


def test_what_is_kept_is_done_a_chunk_at_a_time():
    kept = running._Job(None, "batch", 1, 1, False, True, 100)  # type: ignore[arg-type]
    assert {size for _, size in running._spans(kept, Settings(replications=10**5), 4)} == {100}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_tasks_are_under_way_at_once(count, monkeypatch):
    executor = Backwards()
    with_pool(monkeypatch, executor)
    run(shipped("bio-2021"), Settings(arms=("all",), replications=320, chunk=8, workers=count + 1, compare=False))
    assert executor.most == 2 * (count + 1)


def test_results_come_in_the_order_of_their_arguments():
    executor = Backwards()
    squares = workers.in_order(lambda k: executor.submit(lambda: k * k), ((k,) for k in range(50)), 7)
    assert list(squares) == [k * k for k in range(50)]
    assert executor.most == 7
    assert list(workers.in_order(lambda: executor.submit(lambda: 1), [], 7)) == []


# --- How many ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_as_many_workers_as_pay(name, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    chosen, enough = engine(name), engine(name).pays_from
    assert running._workers(chosen, Settings(replications=enough - 1)) == 1
    assert running._workers(chosen, Settings(replications=enough)) == 6
    assert running._workers(chosen, Settings(replications=enough, workers=2)) == 2
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert running._workers(chosen, Settings(replications=enough)) == 1
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert running._workers(chosen, Settings(replications=enough)) == 8


def test_threads_share_the_memory_of_a_chunk():
    batch, reference = engine("batch"), engine("reference")
    assert [running._size(batch, Settings(workers=w), keep=False) for w in (1, 2, 4, 100)] == [
        2**17,
        2**16,
        2**15,
        2**15,
    ]
    assert running._size(reference, Settings(workers=2), keep=False) == reference.chunk
    assert running._size(batch, Settings(workers=2), keep=True) == running.KEPT
    assert running._size(batch, Settings(workers=2, chunk=7), keep=True) == 7


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_workers_that_makes_no_sense(count):
    with pytest.raises(UsageError, match="workers must lie between 1 and 256"):
        run(shipped("msc-dpn"), Settings(replications=10, workers=count))


# --- What can go wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_an_error_of_a_worker_is_the_error_of_the_run(kind):
    with pytest.raises(ZeroDivisionError), workers.pool(kind, 2) as executor:
        list(workers.in_order(lambda k: executor.submit(divmod, 1, k), [(1,), (0,), (1,)], 2))


def test_a_worker_process_that_is_ended_is_an_error_in_a_sentence():
    with pytest.raises(PathwayError, match="ended from outside"), workers.pool("processes", 1) as executor:
        list(workers.in_order(lambda code: executor.submit(os._exit, code), [(1,)], 2))


def test_a_cluster_without_dask_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'a cluster needs Dask: pip install "pathway-sim\[cluster\]"'):
        run(shipped("msc-dpn"), Settings(replications=10, cluster="tcp://127.0.0.1:8786"))


def test_a_cluster_has_its_own_number_of_workers():
    with pytest.raises(UsageError, match="either workers or cluster"):
        run(shipped("msc-dpn"), Settings(replications=10, workers=2, cluster="tcp://127.0.0.1:8786"))


def test_a_worker_of_another_version_refuses_its_task():
    here = workers._versions()
    assert workers._do(here, divmod, 7, 2) == (3, 1)
    with pytest.raises(RequirementError, match=r"a worker has numpy \S+, not 1.0; install the same versions"):
        workers._do(here | {"numpy": "1.0"}, divmod, 7, 2)
