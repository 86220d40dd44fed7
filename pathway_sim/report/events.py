"""The event log: one row a step that started, sorted by replication, arm, program, start and pathway order.

Days are written as shortest round-trip decimals; an unfinished step has an empty end and outcome. The bytes do not
depend on the engine, the chunk size or the number of workers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pathway_sim.analysis.study import Chunk
from pathway_sim.errors import StorageError, UsageError
from pathway_sim.pathway import NEVER
from pathway_sim.trajectories import Trajectories

if TYPE_CHECKING:
    from types import TracebackType

COLUMNS = ("replication", "arm", "program", "stage", "visit", "ready", "start", "end", "outcome")


def rows(chunk: Chunk) -> dict[str, Any]:
    """The columns of the log of one chunk: integers, float days (NaN for an empty end) and text, each of shape
    ``(rows,)``.
    """
    parts = [_arm_rows(place, trajectories) for place, (_, trajectories) in enumerate(sorted(chunk.items()))]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((joined["rank"], joined["start"], joined["place"], joined["replication"]))
    return {name: joined[name][order] for name in COLUMNS}


def _arm_rows(place: int, trajectories: Trajectories) -> dict[str, Any]:
    pathway, visits = trajectories.pathway, trajectories.visits
    rank = np.repeat(np.arange(len(visits)), [each.rows.size for each in visits])
    row, start, end, code = (
        np.concatenate([getattr(each, name) for each in visits]) for name in ("rows", "start", "end", "outcome")
    )
    started = np.flatnonzero(start < NEVER)  # and was not skipped
    rank, row, start, end, code = (column[started] for column in (rank, row, start, end, code))
    names, offset = [""], np.zeros(len(pathway.steps), dtype=np.int64)
    for k, step in enumerate(pathway.steps):
        offset[k] = len(names)
        names += step.outcomes
    return {
        "replication": trajectories.first + row,
        "arm": np.full(rank.size, pathway.arm, dtype=object),
        "program": np.full(rank.size, pathway.program, dtype=object),
        "stage": np.array([step.place for step in pathway.steps], dtype=object)[rank],
        "visit": np.array([step.visit for step in pathway.steps])[rank],
        "ready": start,
        "start": start,
        "end": np.where(end < NEVER, end, np.nan),
        "outcome": np.array(names, dtype=object)[np.where(code >= 0, offset[rank] + code, 0)],
        "rank": rank,
        "place": np.full(rank.size, place),
    }


class Log(Protocol):
    """Where the event log goes; a context manager that leaves no partial file behind."""

    def __enter__(self) -> Log: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def add(self, chunk: Chunk) -> None:
        """Append the rows of a chunk."""


class _File:
    """A file that appears under its name only when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path, self.partial = path, path.with_name(f".{path.name}.{os.getpid()}.partial")

    def open(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Any:
        try:
            self.open()
        except BaseException:  # a signal included: nobody else would take the file away
            self.partial.unlink(missing_ok=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
            if kind is None:
                self.partial.replace(self.path)
        except OSError as failure:
            raise StorageError(f"cannot write {self.path}: {failure.strerror or failure}") from failure
        finally:
            self.partial.unlink(missing_ok=True)


class CsvLog(_File):
    """The log as CSV (RFC 4180, line ends LF, UTF-8)."""

    def open(self) -> None:
        """Begin the partial file with its header."""
        try:
            self.stream = self.partial.open("w", encoding="utf-8", newline="\n")
        except OSError as failure:
            raise StorageError(f"cannot write {self.path}: {failure.strerror}") from failure
        self.stream.write(",".join(COLUMNS) + "\n")

    def close(self) -> None:
        """End the partial file."""
        self.stream.close()

    def add(self, chunk: Chunk) -> None:
        """See `Log`. Names are identifiers, so nothing needs quoting."""
        columns = rows(chunk)
        text = [
            _decimals(columns[name]) if columns[name].dtype.kind == "f" else map(str, columns[name].tolist())
            for name in COLUMNS
        ]
        try:
            self.stream.writelines(f"{','.join(row)}\n" for row in zip(*text, strict=True))
        except OSError as failure:
            raise StorageError(f"cannot write {self.path}: {failure.strerror}") from failure


def _decimals(days: Any) -> list[str]:
    return ["" if value != value else repr(value) for value in days.tolist()]


class ParquetLog(_File):
    """The log as Parquet, one row group a chunk; needs pyarrow (the extra `parquet`)."""

    def open(self) -> None:
        """Begin the partial file."""
        try:
            import pyarrow as arrow
            from pyarrow import parquet
        except ImportError as missing:
            raise UsageError('Parquet needs pyarrow: pip install "pathway-sim[parquet]"') from missing
        self.arrow = arrow
        text = arrow.dictionary(arrow.int32(), arrow.string())
        kinds = {
            "replication": arrow.int64(),
            "visit": arrow.int32(),
            "ready": arrow.float64(),
            "start": arrow.float64(),
            "end": arrow.float64(),
        }
        self.schema = arrow.schema([(name, kinds.get(name, text)) for name in COLUMNS])
        try:
            self.writer = parquet.ParquetWriter(self.partial, self.schema)
        except OSError as failure:
            raise StorageError(f"cannot write {self.path}: {failure.strerror or failure}") from failure

    def close(self) -> None:
        """End the partial file."""
        self.writer.close()

    def add(self, chunk: Chunk) -> None:
        """See `Log`; empty ends and outcomes are null."""
        columns = rows(chunk)
        columns["outcome"] = np.where(columns["outcome"] == "", None, columns["outcome"])
        arrays = [self.arrow.array(columns[field.name], from_pandas=True).cast(field.type) for field in self.schema]
        try:
            self.writer.write_table(self.arrow.Table.from_arrays(arrays, schema=self.schema))
        except OSError as failure:
            raise StorageError(f"cannot write {self.path}: {failure.strerror or failure}") from failure


LOGS: dict[str, type[CsvLog] | type[ParquetLog]] = {".csv": CsvLog, ".parquet": ParquetLog}


def log(path: Path) -> CsvLog | ParquetLog:
    """A log for a path by its ending.

    Raises
    ------
    UsageError
        If the ending is neither ``.csv`` nor ``.parquet``, or pyarrow is missing.
    StorageError
        If the file cannot be written.
    """
    kind = LOGS.get(path.suffix)
    if kind is None:
        raise UsageError(f"an event log ends in {' or '.join(LOGS)}, not {path.name!r}")
    return kind(path)
