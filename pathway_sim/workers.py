"""Who does the tasks of a run: threads, processes, or a Dask cluster that somebody else runs.

A task is a pure function of its arguments, so anybody may do it, and another one again if its worker is lost: every
`concurrent.futures.Executor` gives the same bytes.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from itertools import islice
from typing import Any, Literal, Protocol, TypeVar

from pathway_sim import __version__
from pathway_sim.errors import PathwayError, RequirementError, StorageError, UsageError

Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)
Pool = Literal["threads", "processes"]
PATIENCE = 10.0
"""Seconds that a cluster may take to answer."""
DESERTED = 60.0
"""Seconds that a run waits for new workers when all are lost."""
LOOK = 1.0
"""How often somebody who waits looks whether there are workers, seconds."""


class Awaited(Protocol[Given]):
    """Something that will have a result, such as a `concurrent.futures.Future`."""

    def result(self) -> Given:
        """Wait for it."""


def in_order(
    submit: Callable[..., Awaited[Result]], arguments: Iterable[tuple[Any, ...]], ahead: int
) -> Iterator[Result]:
    """Results in the order of their arguments, with at most `ahead` tasks under way."""
    left = iter(arguments)
    with _deaf():
        waiting = deque(submit(*each) for each in islice(left, ahead))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(submit(*each) for each in islice(left, 1))


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


@contextmanager
def pool(kind: Pool, count: int) -> Iterator[Executor]:
    """So many workers on this machine.

    Raises
    ------
    PathwayError
        If a worker process is killed.
    """
    executor = ThreadPoolExecutor(count) if kind == "threads" else _processes(count)
    try:
        yield executor
    except BrokenExecutor as error:
        raise PathwayError(
            "a worker process was ended from outside, perhaps for want of memory; nothing was reported"
        ) from error
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def _processes(count: int) -> Executor:
    import multiprocessing

    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    """Workers leave Ctrl-C to the parent, which cancels them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The Dask cluster whose scheduler listens at an address; it is left running.

    Raises
    ------
    UsageError
        If Dask is not installed, or this is no address.
    StorageError
        If nobody answers there, no worker has joined, or all are lost on the way.
    RequirementError
        If anybody there has other versions of what the numbers depend on.
    PathwayError
        If worker after worker is lost over one task.
    """
    try:
        dask: Any = import_module("distributed")
    except ImportError as missing:
        raise UsageError('a cluster needs Dask: pip install "pathway-sim[cluster]"') from missing
    with _silent():
        _require_scheduler(dask, address)
        with _explained(dask, address), dask.Client(address, timeout=PATIENCE, set_as_default=False) as client:
            client.loop.asyncio_loop.set_exception_handler(_forget)
            yield Cluster(address, client)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask from telling on standard error, in many lines, what an exception says in one."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in {"distributed", "tornado"}]
    loggers = [logger for logger in map(logging.getLogger, names) if not logger.disabled]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loggers:
            logger.disabled = False


def _forget(*_of_what_nobody_waits_for: object) -> None:
    """See to it that a client that was closed in the middle of its work is as silent."""


def _require_scheduler(dask: Any, address: str) -> None:
    """Ask who listens; a client would wait for ever for one who says nothing, and would not get on with any other."""
    try:
        options = dask.Security().get_connection_args("client")
    except OSError as error:
        raise UsageError(f"the certificates that Dask is configured to use cannot be read: {error}") from error
    try:
        who = dask.utils.LoopRunner().run_sync(_who, dask.rpc, address, options, callback_timeout=PATIENCE)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"cannot take {address!r} for the address of a Dask scheduler, such as tcp://scheduler:8786: {error}"
        ) from error
    except Exception as error:  # whatever the answer of something else was taken for
        raise StorageError(f"no Dask scheduler answers at {address}") from error
    if who != "Scheduler":
        raise StorageError(f"what answers at {address} is not the scheduler of Dask, but a {who.lower()}")


async def _who(rpc: Any, address: str, options: dict[str, Any]) -> str:
    asyncio.get_running_loop().set_exception_handler(_forget)
    async with rpc(address, timeout=PATIENCE, connection_args=options) as line:
        return str((await line.identity())["type"])


@contextmanager
def _explained(dask: Any, address: str) -> Iterator[None]:
    """Say in a sentence how the cluster came to grief."""
    try:
        yield
    except dask.KilledWorker as error:
        raise PathwayError(
            f"worker after worker of {address} ended over one part, perhaps for want of memory; nothing was reported"
        ) from error
    except (_Deserted, getattr(dask.scheduler, "NoWorkerError", _Deserted)) as error:
        raise StorageError(f"the Dask scheduler at {address} has no workers left; nothing was reported") from error
    except (CancelledError, asyncio.CancelledError, OSError) as error:
        raise StorageError(f"the Dask scheduler at {address} has gone; nothing was reported") from error


class _Deserted(Exception):
    """All workers are lost, and none comes."""


class Cluster:
    """What a run needs of a Dask cluster.

    Attributes
    ----------
    threads : int
        How many its workers have.
    """

    def __init__(self, address: str, client: Any) -> None:
        self.address, self.client = address, client
        self.threads = self._threads(PATIENCE)
        if not self.threads:
            raise StorageError(f"the Dask scheduler at {address} has no workers")
        _require_versions(f"the cluster at {address}", self._versions(), _versions())

    def sender(self, task: Callable[..., Result]) -> Callable[..., Awaited[Result]]:
        """What submits a task with other arguments each time; the task itself, which may be large, is sent once."""
        here, sent = _versions(), self._submit(_same, task)
        return lambda *arguments: _Remote(self, self._submit(_do, here, sent, *arguments))

    def result(self, future: Any) -> Any:
        """The result of a Dask future. It is fetched now, so that results stay on the workers until their turn comes.

        A scheduler without workers keeps its tasks for ever; here somebody waits for them, but not for ever.
        """
        coming = asyncio.run_coroutine_threadsafe(
            self.client.gather(future, asynchronous=True), self.client.loop.asyncio_loop
        )
        seen = time.monotonic()
        while not wait([coming], LOOK).done:
            if self._threads(DESERTED):
                seen = time.monotonic()
            elif time.monotonic() > seen + DESERTED:
                raise _Deserted
        return coming.result()

    def _submit(self, task: Callable[..., Any], *arguments: Any) -> Any:
        self._require_connection()
        return self.client.submit(task, *arguments, pure=False)

    def _threads(self, patience: float) -> int:
        self._require_connection()
        return sum(self.client.sync(self.client.scheduler.ncores, callback_timeout=patience).values())

    def _require_connection(self) -> None:
        """See that the scheduler was there a moment ago; who has lost it would wait for one of the same address."""
        if self.client.status != "running":
            raise ConnectionError(self.client.status)

    def _versions(self) -> list[Any]:
        """What the scheduler, which unpacks tasks, and the workers have; an exception from one without this package."""
        found = self.client.run(_versions, on_error="return", callback_timeout=PATIENCE)
        try:
            found[self.address] = self.client.run_on_scheduler(_versions, callback_timeout=PATIENCE)
        except ImportError as missing:
            found[self.address] = missing
        return [each for each in found.values() if not isinstance(each, OSError)]  # that is one who has just left


@dataclass(frozen=True)
class _Remote:
    """What a Dask future will have."""

    cluster: Cluster
    future: Any

    def result(self) -> Any:
        """Wait for it."""
        return self.cluster.result(self.future)


def _same(task: Result) -> Result:
    """A task as the result of a task: Dask takes it to every worker that needs it, and makes it anew if it is lost."""
    return task


def _do(versions: dict[str, str], task: Callable[..., Result], *arguments: Any) -> Result:
    """Do a task on a worker, which may have joined when the others had been looked at."""
    _require_versions("a worker", [_versions()], versions)
    return task(*arguments)


@cache
def _versions() -> dict[str, str]:
    """What the bytes of a result depend on."""
    packages = {name: metadata.version(name) for name in ("numpy", "scipy")}
    return {"pathway-sim": __version__, **packages, "Python": f"{sys.version_info[0]}.{sys.version_info[1]}"}


def _require_versions(who: str, found: Iterable[Any], wanted: dict[str, str]) -> None:
    """Refuse what gives other numbers, or none."""
    others = set()
    for each in found:
        if isinstance(each, dict):
            others |= {
                f"{name} {each.get(name)}, not {wanted[name]}" for name in wanted if each.get(name) != wanted[name]
            }
        else:
            others.add(f"a machine without pathway-sim {__version__}")
    if others:
        raise RequirementError(f"{who} has {'; '.join(sorted(others))}; install the same versions everywhere")
