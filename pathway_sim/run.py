"""Run a scenario: arms × chunks × workers, then one result.

A chunk is a pure function of (pathways, seed, first, count), and every statistic is a mergeable reduction of integers,
so chunk size and the number of workers change no byte of any output.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from pathway_sim import __version__
from pathway_sim.analysis.results import Results
from pathway_sim.analysis.study import Chunk, Study
from pathway_sim.engines import choose, engine
from pathway_sim.errors import PathwayError, UsageError
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import Pathway
from pathway_sim.scenario import Scenario
from pathway_sim.scenario.sources import inputs
from pathway_sim.units import YEAR

CHUNK = 2**14
MOST_REPLICATIONS = 10**9
PARALLEL_FROM = 200_000
"""Replications from which more than one worker pays for its start, with the batch engine."""
FAR = 0.02
"""A stated value and the mean over the sets are said to differ from this relative difference on."""

Done = tuple[int, Study, Chunk | None]


@dataclass(frozen=True)
class Settings:
    """How to run: which arms, how many replications from which one on, the seed, sets, engine and workers."""

    arms: tuple[str, ...] = ()
    baseline: str | None = None
    compare: bool = True
    replications: int = 100_000
    first: int = 0
    seed: int = 1
    parameter_sets: int | None = None
    engine: str = "auto"
    workers: int | None = None
    chunk: int = CHUNK


def run(
    scenario: Scenario,
    settings: Settings | None = None,
    *,
    observe: Callable[[Chunk], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Results:
    """Simulate the arms of a scenario and report.

    Parameters
    ----------
    observe : callable, optional
        Is given the trajectories of every chunk, in order.
    progress : callable, optional
        Is given the number of replications of each finished chunk, in order.

    Raises
    ------
    UsageError
        If the settings make no sense for the scenario.
    UnsupportedPathway
        If the engine cannot run it.
    """
    settings = settings or Settings()
    pathways = _arms(scenario, settings)
    wanted = scenario.parameter_sets if settings.parameter_sets is None else settings.parameter_sets
    sets = _count("parameter sets", wanted, 100_000)
    _count("replications", settings.replications, MOST_REPLICATIONS)
    _count("replications of a chunk", settings.chunk, MOST_REPLICATIONS)
    if settings.first < 0:
        raise UsageError(f"replications are numbered from 0, so the first cannot be {settings.first:,}")
    chosen, why = choose(settings.engine, list(pathways.values()))
    job = _Job(pathways, chosen.name, settings.seed, sets, len(pathways) > 1 and settings.compare, observe is not None)
    study: Study | None = None
    for count, part, chunk in _chunks(job, settings):
        if study is None:
            study = part
        else:
            study.merge(part)
        if observe is not None and chunk is not None:
            observe(chunk)
        if progress is not None:
            progress(count)
    assert study is not None
    arms, comparisons = study.result()
    return Results(
        manifest=_manifest(scenario, settings, pathways, sets, chosen.name, why),
        title=scenario.title,
        question=scenario.question,
        as_of=scenario.as_of,
        horizon=scenario.horizon,
        goal=scenario.goal,
        arms=arms,
        comparisons=comparisons,
        notes=tuple(_notes(pathways.values(), ParameterSets(settings.seed, sets))),
    )


@dataclass(frozen=True)
class _Job:
    """What every chunk of a run shares."""

    pathways: Mapping[str, Pathway]
    engine: str
    seed: int
    sets: int
    compare: bool
    keep: bool

    def chunk(self, first: int, count: int) -> Done:
        """The count, the reductions and (if kept) the trajectories of one chunk: a pure function of its arguments."""
        walker, sets = engine(self.engine), _parameter_sets(self.seed, self.sets)
        trajectories = {name: walker.simulate(pathway, sets, first, count) for name, pathway in self.pathways.items()}
        study = Study(self.pathways, self.sets, compare=self.compare)
        study.add(trajectories)
        return count, study, trajectories if self.keep else None


@lru_cache(maxsize=2)
def _parameter_sets(seed: int, count: int) -> ParameterSets:
    """The unknowns' values, shared by the chunks of a run: they are the same pure functions of the seed in each."""
    return ParameterSets(seed, count)


def _arms(scenario: Scenario, settings: Settings) -> dict[str, Pathway]:
    """The pathways to run, the baseline first."""
    for name in (*settings.arms, *((settings.baseline,) if settings.baseline else ())):
        scenario.require_arm(name)
    wanted = settings.arms or tuple(scenario.pathways)
    baseline = settings.baseline or scenario.baseline
    names = sorted(
        {*wanted, *((baseline,) if settings.compare and len(scenario.pathways) > 1 else ())},
        key=lambda name: (name != baseline, name),
    )
    return {name: scenario.pathways[name] for name in names}


def _count(what: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise UsageError(f"the number of {what} must lie between 1 and {most:,}, not {value:,}")
    return value


def _chunks(job: _Job, settings: Settings) -> Iterator[Done]:
    """The chunks' results, in order, whoever computes them."""
    end = settings.first + settings.replications
    spans = ((first, min(settings.chunk, end - first)) for first in range(settings.first, end, settings.chunk))
    workers = _workers(job, settings)
    if workers == 1:
        for first, count in spans:
            yield job.chunk(first, count)
        return
    with _executor(job.engine, workers) as executor:
        try:
            yield from _in_order(executor, job, spans, 2 * workers)
        except BrokenExecutor as error:
            raise PathwayError(
                "a worker process was ended from outside, perhaps for want of memory; nothing was reported"
            ) from error
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _in_order(executor: Executor, job: _Job, spans: Iterator[tuple[int, int]], ahead: int) -> Iterator[Done]:
    """Results in the order of their chunks, with a bounded number of chunks under way."""
    with _deaf():
        waiting: list[Future[Done]] = [executor.submit(job.chunk, *span) for span in islice(spans, ahead)]
    while waiting:
        yield waiting.pop(0).result()
        waiting += [executor.submit(job.chunk, *span) for span in islice(spans, 1)]


@contextmanager
def _deaf() -> Iterator[None]:
    """Start worker processes that Ctrl-C does not reach, not even while they start: they inherit the blocked signal."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _workers(job: _Job, settings: Settings) -> int:
    """How many workers: as asked; else one until more would pay."""
    if settings.workers is not None:
        return _count("workers", settings.workers, 256)
    return 1 if settings.replications < PARALLEL_FROM or job.engine != "batch" else min(os.cpu_count() or 1, 8)


def _executor(name: str, workers: int) -> Executor:
    """Threads for the batch engine (NumPy releases the lock), processes for the reference engine (Python does not)."""
    if name == "batch":
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(workers)
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    """Workers leave Ctrl-C to the parent, which cancels them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _manifest(
    scenario: Scenario, settings: Settings, pathways: Mapping[str, Pathway], sets: int, name: str, why: str
) -> dict[str, object]:
    return {
        "scenario": scenario.name,
        "fingerprint": scenario.fingerprint,
        "seed": settings.seed,
        "replications": settings.replications,
        "first": settings.first,
        "parameter_sets": sets,
        "engine": name,
        "engine_reason": why,
        "version": __version__,
        "as_of": scenario.as_of.isoformat(),
        "horizon_years": scenario.horizon / YEAR,
        "goal": scenario.goal,
        "baseline": next(iter(pathways)),
        "arms": list(pathways),
        "inputs": inputs(scenario, pathways),
    }


def _notes(pathways: Iterable[Pathway], sets: ParameterSets) -> Iterator[str]:
    """Unknown numbers whose mean over the parameter sets is not their stated value."""
    if sets.count == 1:
        return
    far: dict[str, str] = {}
    for number in (number for pathway in pathways for number in pathway.unknowns()):
        assert number.unknown is not None
        mean = float(sets.values(number.unknown).mean())
        if abs(mean - number.value) > FAR * abs(number.value) + 1e-12 and "cause" not in number.unknown.name:
            far[number.unknown.name] = (
                f"{number.unknown.name}: stated {number.value:.4g}, mean over the parameter sets {mean:.4g}"
            )
    yield from (far[name] for name in sorted(far))
