"""How programs end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pathway_sim.analysis.results import ArmResult, Results
from pathway_sim.analysis.tables.common import ONLY_ARM
from pathway_sim.analysis.wording import number, places, words
from pathway_sim.table import WIDTH, Table


def endings(results: Results) -> Iterator[Table]:
    """How programs end, of all that start: endings down if that fits, else arms down, else in several tables."""
    arms = list(results.arms.values())
    labels = list(dict.fromkeys(label for arm in arms for label in arm.outcomes if label != "censored"))
    shown = [label for label in (*labels, "censored") if any(arm.outcomes.get(label, 0.0) > 0 for arm in arms)]
    caption = "Where programs end, % of all that start"
    down = Table(
        caption,
        ("arm", *(_ending(label, arms) for label in shown)),
        tuple((arm.name, *_shares(arm, shown)) for arm in arms),
    )
    across = _endings(caption, arms, shown)
    if across.width() <= WIDTH or down.width() > WIDTH:
        per = next((k for k in range(len(arms), 1, -1) if _endings(caption, arms[:k], shown).width() <= WIDTH), 1)
        yield from (_endings(caption, arms[k : k + per], shown) for k in range(0, len(arms), per))
    else:
        yield down


def _endings(caption: str, arms: Sequence[ArmResult], labels: Sequence[str]) -> Table:
    cells = [_shares(arm, labels) for arm in arms]
    rows = tuple((_ending(label, arms), *(column[k] for column in cells)) for k, label in enumerate(labels))
    names = ("share",) if [arm.name for arm in arms] == [ONLY_ARM] else tuple(arm.name for arm in arms)
    return Table(caption, ("ending", *names), rows)


def _shares(arm: ArmResult, labels: Sequence[str]) -> list[str]:
    """Shares in percent, with the digits that as many replications support."""
    return [_share(arm.outcomes.get(label, 0.0), arm.replications) for label in labels]


def _share(value: float, replications: int) -> str:
    if value == 0 or 0 < value < 0.00005:
        return "<0.01" if value else "0"
    error = 196 * math.sqrt(value * (1 - value) / replications)
    return number(100 * value, places(-error, error, 1 if value >= 0.001 else 2))


def _ending(label: str, arms: Sequence[ArmResult]) -> str:
    """An ending with the title of its stage, or its titles where arms have different ones."""
    outcome, _, stage = label.partition(":")
    if label == "censored":
        return "still running at the horizon"
    titles = dict.fromkeys(arm.titles.get(stage, words(stage)) for arm in arms if arm.outcomes.get(label))
    return f"{' / '.join(titles)}: {words(outcome)}" if stage else f"{words(label)} reached"
