"""Run a scenario: arms × chunks × workers, then one result.

A chunk is a pure function of (pathways, seed, first, count), and every statistic is a mergeable reduction of integers,
so chunk size and the number of workers change no byte of any output.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pathway_sim import __version__
from pathway_sim.analysis.results import Results
from pathway_sim.analysis.study import Chunk, Study
from pathway_sim.engines import Arms, Engine, choose, engine
from pathway_sim.errors import UsageError
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import Pathway
from pathway_sim.scenario import Scenario
from pathway_sim.scenario.sources import inputs
from pathway_sim.units import YEAR
from pathway_sim.workers import cluster, in_order, pool

MOST_REPLICATIONS = 10**9
LEAST = 2**15
"""Replications of a chunk, at least: with fewer the calls outweigh the work."""
KEPT = 2**13
"""Replications of a chunk whose trajectories are kept: they become rows of text, which are many."""
PARTS = 8
"""How many parts each of several workers gets, or more."""
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
    cluster: str | None = None
    chunk: int | None = None


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
    if settings.chunk is not None:
        _count("replications of a chunk", settings.chunk, MOST_REPLICATIONS)
    if settings.first < 0:
        raise UsageError(f"replications are numbered from 0, so the first cannot be {settings.first:,}")
    chosen, why = choose(settings.engine, list(pathways.values()))
    compare, keep = len(pathways) > 1 and settings.compare, observe is not None
    job = _Job(Arms.of(pathways), chosen.name, settings.seed, sets, compare, keep, _size(chosen, settings, keep))
    study: Study | None = None
    for count, part, chunk in _parts(job, settings):
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
    """What every part of a run shares."""

    arms: Arms
    engine: str
    seed: int
    sets: int
    compare: bool
    keep: bool
    size: int

    def part(self, first: int, count: int) -> Done:
        """The count, the reductions and (if kept) the trajectories of some replications: a pure function of its
        arguments. They are walked a chunk at a time; of those that are kept there is one chunk.
        """
        walker, sets = engine(self.engine), _parameter_sets(self.seed, self.sets)
        study = Study(self.arms.pathways, self.sets, compare=self.compare)
        for start in range(first, first + count, self.size):
            trajectories = walker.simulate_arms(self.arms, sets, start, min(self.size, first + count - start))
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


def _parts(job: _Job, settings: Settings) -> Iterator[Done]:
    """The results of the parts of a run, in order, whoever computes them."""
    if settings.cluster is not None:
        if settings.workers is not None:
            raise UsageError("a cluster has the workers that it has; leave out either workers or cluster")
        with cluster(settings.cluster) as remote:
            yield from in_order(remote.sender(job.part), _spans(job, settings, remote.threads), 2 * remote.threads)
        return
    # More workers than chunks would find nothing to do.
    workers = min(_workers(engine(job.engine), settings), -(-settings.replications // job.size))
    spans = _spans(job, settings, workers)
    if workers == 1:
        yield from (job.part(*span) for span in spans)
        return
    with pool(engine(job.engine).pool, workers) as executor:
        yield from in_order(lambda *span: executor.submit(job.part, *span), spans, 2 * workers)


def _spans(job: _Job, settings: Settings, workers: int) -> Iterator[tuple[int, int]]:
    """The first replication and the count of each part: a chunk where its trajectories are kept or there is one worker,
    else as many chunks as leave every worker several parts, because their counts travel and are merged.
    """
    size = job.size
    if workers > 1 and not job.keep:
        size *= max(1, settings.replications // (PARTS * workers * size))
    end = settings.first + settings.replications
    return ((first, min(size, end - first)) for first in range(settings.first, end, size))


def _workers(chosen: Engine, settings: Settings) -> int:
    """How many workers: as asked; else one until more would pay."""
    if settings.workers is not None:
        return _count("workers", settings.workers, 256)
    return 1 if settings.replications < chosen.pays_from else min(os.cpu_count() or 1, 8)


def _size(chosen: Engine, settings: Settings, keep: bool) -> int:
    """How many replications a chunk has; threads share the memory of one chunk, so that more of them take no more."""
    if settings.chunk is not None:
        return settings.chunk
    threads = chosen.pool == "threads" and settings.cluster is None
    sharing = _workers(chosen, settings) if threads else 1
    return min(max(chosen.chunk // sharing, LEAST), KEPT if keep else chosen.chunk)


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
