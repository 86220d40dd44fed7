"""Dated histories beside the simulation: the tables of docs/validation/histories.md.

The review of `fda-cell-therapy` and the whole programs of `fda-cell-therapy` and `msc-dpn` (standard arm, seed 1) are
set beside what the histories say, with exact 95 % intervals; and one program is replayed from its first patient.
Without an argument the tables are printed; with `--write` they replace those of the page.

    python benchmarks/histories.py [--write]
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pathway_sim.analysis.histories import SAMPLES, Row, sample
from pathway_sim.analysis.mechanics import rows
from pathway_sim.analysis.replay import Placed, actual_dates, placed
from pathway_sim.histories import Dated, shipped
from pathway_sim.scenario import load

PAGE = Path(__file__).resolve().parent.parent / "docs" / "validation" / "histories.md"
REPLAYED, REPLICATIONS = "kresladi", 100_000
_TABLE = r"(<!-- {name} -->\n)(?:.*\n)*?(\n|\Z)"


def markdown(heading: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = (heading, ["---"] * len(heading), *body)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def beside(found: Sequence[Row]) -> str:
    """Every figure of the histories beside the simulated one."""
    heading = ("figure", "histories", "exact 95 %", "used", "left out", "simulated", "")
    return markdown(heading, (_cells(row) for row in found))


def _cells(row: Row) -> Iterator[str]:
    used = len(row.cases.used)
    yield row.figure.text
    yield _shown(row, row.observed)
    yield "–" if row.verdict == "too few" else f"{_shown(row, row.low)} to {_shown(row, row.high)}"
    yield str(used)
    yield str(len(row.cases.left_out))
    yield _shown(row, row.simulated)
    yield f"**{row.verdict}**" if row.verdict == "miss" else row.verdict


def _shown(row: Row, value: float) -> str:
    """Days or percent, for people; a limit that no case gives is open."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "open"
    text = f"{value:.0f} d" if row.figure.percent is not None else f"{100 * value:.0f} %"
    return text.replace("-", "−")


def left_out() -> str:
    """What was used for each sample, and why the rest was not."""
    samples = {name: sample(cases(shipped())) for name, cases in SAMPLES.items()}
    heading = ("sample", "used", "left out, and why")
    return markdown(
        heading, ((name.replace("_", " "), str(len(s.used)), s.reasons or "–") for name, s in samples.items())
    )


def replay() -> str:
    """The actual dates of one program in what its scenario predicts."""
    (history,) = (each for each in shipped() if each.id == REPLAYED)
    scenario = load(f"replay-{REPLAYED}")
    heading = ("arm", "event", "actual", "P10", "P50", "P90", "percentile of the actual date", "reached at all")
    found = placed(scenario, actual_dates(history), REPLICATIONS)
    return markdown(heading, (_place(each) for each in found))


def _place(each: Placed) -> Iterator[str]:
    yield each.arm.replace("_", " ")
    yield each.milestone.replace("_", " ")
    yield _date(each.actual)
    yield from (f"{date:%Y-%m}" for date in (each.p10, each.p50, each.p90))
    yield f"{100 * each.percentile:.0f}" + ("" if each.inside else ", outside P10 to P90")
    yield f"{100 * each.reached:.0f} %"


def _date(dated: Dated) -> str:
    return f"{dated.date:%Y-%m-%d}" if dated.precision == "day" else f"{dated.date:%Y-%m}"


def tables() -> dict[str, str]:
    """Every table of the page by name."""
    return {"beside": beside(rows(shipped())), "left-out": left_out(), "replay": replay()}


def filled(page: str, found: dict[str, str]) -> str:
    """The page with these tables in the place of its own."""
    for name, table in found.items():
        place = re.compile(_TABLE.format(name=name))
        if not place.search(page):
            raise ValueError(f"the page has no place for the table: <!-- {name} -->")
        page = place.sub(lambda match, table=table: match[1] + table + match[2], page, count=1)
    return page


def main(*arguments: str) -> None:
    """Print the tables, or write them into the page."""
    found = tables()
    if "--write" in arguments:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        print("\n".join(found.values()))


if __name__ == "__main__":
    main(*sys.argv[1:])
