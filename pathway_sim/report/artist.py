"""A process that draws. It loads matplotlib while the other one simulates: what takes longest in a small run."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pathway_sim.errors import PathwayError

if TYPE_CHECKING:
    from pathway_sim.analysis.results import Results
    from pathway_sim.report.charts import Chart


class Artist:
    """Draws every chart of a run, in a process of its own; a context manager that leaves no process behind."""

    def __enter__(self) -> Artist:
        context = multiprocessing.get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), daemon=True)
        self.process.start()
        other.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()

    def draw(self, results: Results, folder: Path) -> None:
        """Begin to write every chart into a folder, as SVG."""
        with contextlib.suppress(OSError):  # `written` says what went wrong
            self.line.send((results, folder))

    def written(self) -> list[Path]:
        """The files, when they are there.

        Raises
        ------
        PathwayError
            What went wrong over there, such as a `StorageError`; or that the process is gone.
        """
        try:
            answer: list[Path] | Exception = self.line.recv()
        except (EOFError, OSError) as gone:
            raise PathwayError("the process that draws was ended from outside; no chart was drawn") from gone
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(line: Connection) -> None:
    """Load the charts, wait for results, draw, and tell what was written. Ctrl-C is for the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # this process ends before there is anything to collect
    charts = _loaded()
    results, folder = line.recv()
    try:
        paths = [folder / f"{name}.svg" for name in charts]
        for path in paths:
            charts[path.stem].save(results, path)
        line.send(paths)
    except Exception as error:
        line.send(error)


def _loaded() -> Mapping[str, Chart]:
    """The charts, with all that drawing imports: now, while nobody waits for it."""
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    from pathway_sim.report import save_figure  # noqa: F401
    from pathway_sim.report.charts import CHARTS, availability_figure, timeline_figure  # noqa: F401

    return CHARTS
