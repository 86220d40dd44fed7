"""The tables of docs/validation/speed.md, from a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from histories import filled, markdown

from measures.figure import COLUMNS, ROOT
from measures.history import Record

PAGE = ROOT / "docs" / "validation" / "speed.md"
TOPICS = ("rates", "ratios", "whole", "scaling", "workers", "memory")


def tables(records: Sequence[Record]) -> dict[str, str]:
    """What was run last, a table for every topic of it, and from two records on a picture of all."""
    record = records[-1]
    history = "![Speed from record to record](../images/speed-history.svg)\n" if len(records) > 1 else ""
    about = f"Recorded on {record.date} with version {record.version} (commit {record.commit}) on {record.machine}.\n"
    return {"about": about, "history": history, **{topic: _table(record, topic) for topic in TOPICS}}


def write(records: Sequence[Record], page: Path = PAGE) -> None:
    """Put them into the page."""
    page.write_text(filled(page.read_text(encoding="utf-8"), tables(records)), encoding="utf-8")


def _table(record: Record, topic: str) -> str:
    rows = [each.cells() for each in record.figures.values() if each.topic == topic]
    return markdown(COLUMNS, ((*cells, f"**{last}**" if last == "MISSED" else last) for *cells, last in rows))
