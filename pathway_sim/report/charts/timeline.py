"""When each stage runs in the futures in which the goal is reached, arms side by side: a Gantt chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pathway_sim.analysis.results import Results, StageSpan
from pathway_sim.analysis.wording import words
from pathway_sim.report.charts import captions as say
from pathway_sim.report.charts.base import Captions, Chart, Row
from pathway_sim.report.charts.ticks import Tick, calendar_ticks, elapsed_ticks
from pathway_sim.report.words import cut, iso_date, listed, month_year, percent, plain, sentence
from pathway_sim.units import YEAR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ARMS = 3
ALWAYS = 0.995  # a share that rounds to 100 % has no label


@dataclass(frozen=True)
class Bar:
    """One stage in one arm, in days from the start; the share is of the futures in which the goal is reached."""

    arm: int
    share: float
    start_p50: float
    end_p10: float
    end_p50: float
    end_p90: float
    decides: bool
    certain: bool


@dataclass(frozen=True)
class StageRow:
    """One stage: its name for reading, how often it runs if not always, and a bar for each arm in which it runs."""

    stage: str
    label: str
    note: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Arrival:
    """When the goal is reached in one arm, given that it is reached; days from the start."""

    arm: int
    p10: float
    p50: float
    p90: float
    name: str
    date: str


@dataclass(frozen=True)
class TimelineData:
    """What the figure draws. Times are days from the start, of the futures in which the goal is reached."""

    captions: Captions
    arms: tuple[str, ...]
    goal: str
    stages: tuple[StageRow, ...]
    arrivals: tuple[Arrival, ...]
    span: tuple[float, float]
    notes: tuple[str, ...]
    dates: tuple[Tick, ...]
    elapsed: tuple[Tick, ...]
    rows: tuple[Row, ...]

    def table(self) -> tuple[Row, ...]:
        """A row for each bar and each arrival drawn, in days and dates."""
        return self.rows


def data(results: Results) -> TimelineData:
    """Everything that the chart shows of these results."""
    names = say.arm_order(results)[:MOST_ARMS]
    labels = say.arm_labels(names)
    reached = any(say.probability_of(results, name) for name in names)
    stages = _stages(results, names) if reached else ()
    arrivals = _arrivals(results, names, labels) if reached else ()
    span = _span(results, stages, arrivals)
    return TimelineData(
        captions=_captions(results, names, labels, stages),
        arms=tuple(labels),
        goal=sentence(say.goal_words(results.goal).noun),
        stages=stages,
        arrivals=arrivals,
        span=span,
        notes=() if reached else (say.nothing_reached(results), say.bound_on_nothing(results)),
        dates=calendar_ticks(results.as_of, *span),
        elapsed=elapsed_ticks(*span, "months", most=12),
        rows=_rows(results, names, stages, arrivals),
    )


def _stages(results: Results, names: Sequence[str]) -> tuple[StageRow, ...]:
    """Rows by median start in the baseline, in other arms where the baseline has none; as given where those tie."""
    found: dict[str, list[tuple[int, StageSpan]]] = {}
    for index, name in enumerate(names):
        for span in results.arms[name].spans:
            if span.share > 0 and all(map(math.isfinite, (span.start_p50, span.end_p50))) and _visible(span):
                found.setdefault(span.stage, []).append((index, span))
    ordered = sorted(found.items(), key=lambda item: item[1][0][1].start_p50)
    return tuple(
        StageRow(stage, _label(spans[0][1]), _note(spans, len(names)), tuple(_bar(*pair) for pair in spans))
        for stage, spans in ordered
    )


def _visible(span: StageSpan) -> bool:
    """A stage that takes no time and decides nothing leaves no mark."""
    return span.decides or span.end_p50 > span.start_p50


def _label(span: StageSpan) -> str:
    title = plain(getattr(span, "title", ""))
    return sentence(cut(title or words(plain(span.stage).replace(".", " ").replace("/", " ")), 80))


def _note(spans: Sequence[tuple[int, StageSpan]], arms: int) -> str:
    """In how many futures a stage runs: once where all arms that have it say the same, else arm by arm."""
    shares = {arm: span.share for arm, span in spans}
    told = {arm: f"{100 * share:.0f} %" if share >= 0.005 else "< 1 %" for arm, share in shares.items()}
    if all(share >= ALWAYS for share in shares.values()):
        return ""
    if len(set(told.values())) == 1:
        return f"in {told[spans[0][0]]}"
    return "in " + " / ".join(told.get(arm, "0 %") for arm in range(arms))


def _bar(arm: int, span: StageSpan) -> Bar:
    low, high = (e if math.isfinite(e) else span.end_p50 for e in (span.end_p10, span.end_p90))
    return Bar(arm, span.share, span.start_p50, low, span.end_p50, high, span.decides, span.certain)


def _arrivals(results: Results, names: Sequence[str], labels: Sequence[str]) -> tuple[Arrival, ...]:
    found = []
    for index, (name, label) in enumerate(zip(names, labels, strict=True)):
        given = results.arms[name].milestones[results.goal].given_reached
        p10, p50, p90 = (given[key].estimate if key in given else None for key in ("p10", "p50", "p90"))
        if p50 is not None:
            ends = p50 if p10 is None else p10, p50, p50 if p90 is None else p90
            found.append(Arrival(index, *ends, label, f"median {month_year(results.as_of, p50)}"))
    return tuple(found)


def _span(results: Results, stages: Sequence[StageRow], arrivals: Sequence[Arrival]) -> tuple[float, float]:
    bars = [bar for row in stages for bar in row.bars]
    starts = [min(bar.start_p50, bar.end_p10) for bar in bars]
    ends = [max(bar.end_p50, bar.end_p90) for bar in bars] + [arrival.p90 for arrival in arrivals]
    last = max(ends, default=results.horizon)
    return min([0.0, *starts]), 1.01 * last if ends and last > 0 else results.horizon


def _captions(results: Results, names: Sequence[str], labels: Sequence[str], stages: Sequence[StageRow]) -> Captions:
    goal, by = say.goal_words(results.goal), month_year(results.as_of, results.horizon)
    shares = [percent(say.probability_of(results, name)) for name in names]
    pairs = zip(labels, shares, strict=True)
    told = shares[0] if len(names) == 1 else ", ".join(f"{share} ({label})" for label, share in pairs)
    subtitle = f"Only programs that {goal.reach} by {by}: {told} of all that start."
    if len(results.arms) > len(names):
        subtitle += f" The first {len(names)} of {len(results.arms)} arms."
    if stages:
        subtitle += " Bars: median start to median end."
    title = _title(results, names, labels)
    alt = f"Timeline of stages. {title}. {subtitle} {_alt(results, labels, stages)}"
    return Captions(say.kicker(results), title, subtitle, say.footer(results), alt.strip())


def _title(results: Results, names: Sequence[str], labels: Sequence[str]) -> str:
    goal = say.goal_words(results.goal)
    medians = [say.median_month(results, name) for name in names]
    if not any(say.probability_of(results, name) for name in names):
        return say.nothing_reached(results)
    if len(names) == 1:
        days = say.median_days(results, names[0])
        after = "" if days is None else f" by {medians[0]}, after {days / YEAR:.1f} years"
        return f"Half of the programs that {goal.reach} do so{after}" if after else _too_few(goal)
    gained = say.gain_words(say.comparison_with(results, names[0], names[1])) if len(names) == 2 else ""
    if gained and all(medians):
        told = f"With {labels[1]}, {goal.noun} comes {gained} where both arrive"
        return f"{told}: median {medians[1]} against {medians[0]}"
    if not any(medians):
        return _too_few(goal)
    pairs = [f"{median or 'too few arrivals'} ({label})" for label, median in zip(labels, medians, strict=True)]
    return f"Median {goal.noun}: {listed(pairs)}"


def _too_few(goal: say.Goal) -> str:
    return f"Too few programs {goal.reach} to give a median date"


def _alt(results: Results, labels: Sequence[str], stages: Sequence[StageRow]) -> str:
    told = []
    for row in stages:
        arms = "; ".join(
            f"{labels[bar.arm]} {month_year(results.as_of, bar.start_p50)} to "
            f"{month_year(results.as_of, bar.end_p50)}".lstrip()
            for bar in row.bars
        )
        told.append(f"{row.label}{f' ({row.note})' if row.note else ''}: {arms}.")
    return f"Median start and end. {' '.join(told)}" if told else ""


def _rows(
    results: Results, names: Sequence[str], stages: Sequence[StageRow], arrivals: Sequence[Arrival]
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for stage in stages:
        for bar in stage.bars:
            times = {"start_p50": bar.start_p50, "end_p10": bar.end_p10, "end_p50": bar.end_p50, "end_p90": bar.end_p90}
            facts = {"share": bar.share, "decides": bar.decides, "certain": bar.certain}
            dates = {"start": iso_date(results.as_of, bar.start_p50), "end": iso_date(results.as_of, bar.end_p50)}
            rows.append({"arm": names[bar.arm], "stage": stage.stage, **times, **facts, **dates})
    for arrival in arrivals:
        given = {"start_p50": None, "end_p10": arrival.p10, "end_p50": arrival.p50, "end_p90": arrival.p90}
        dates = {"start": "", "end": iso_date(results.as_of, arrival.p50)}
        facts = {"share": 1.0, "decides": False, "certain": False}
        rows.append({"arm": names[arrival.arm], "stage": results.goal, **given, **facts, **dates})
    return tuple(rows)


def draw(drawn: TimelineData) -> Figure:
    """The figure of the data."""
    from pathway_sim.report.charts.timeline_figure import figure

    return figure(drawn)


CHART = Chart("timeline", "when each stage runs in the futures in which the goal is reached, by arm", data, draw)
