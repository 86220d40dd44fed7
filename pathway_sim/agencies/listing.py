"""The rules of an agency as a page for people, made from the same data that simulations use."""

from __future__ import annotations

from pathway_sim import agencies
from pathway_sim.agencies import Regime

HEAD = "| rule | what it sets | number | from | until | status | source |\n|---|---|---|---|---|---|---|\n"
PARAMETERS = ("alpha", "beta", "median", "sd", "sd_log", "low", "high")


def page() -> str:
    """All agencies, one table each, in Markdown."""
    return "\n".join(f"## {agency}\n\n{table(agency)}" for agency in agencies.names())


def table(agency: str) -> str:
    """The rules of one agency; a line a regime."""
    lines = [
        f"| `{name}` | {rule.title} | {_row(regime)} |"
        for name, rule in agencies.rules(agency).items()
        for regime in rule.regimes
    ]
    return HEAD + "\n".join(lines) + "\n"


def _row(regime: Regime) -> str:
    start, end = ("" if date is None else date.isoformat() for date in (regime.start, regime.end))
    return " | ".join((number(regime), start, end, regime.status, source(regime)))


def number(regime: Regime) -> str:
    """The number of a regime in a few words."""
    stated = regime.number
    if "kind" not in stated:
        return str(stated["value"])
    parameters = ", ".join(f"{name} {stated[name]}" for name in PARAMETERS if name in stated)
    return f"{stated.get('value', '')} ({stated['kind']}: {parameters})".strip()


def source(regime: Regime) -> str:
    """Where a regime comes from: the law or the evidence, how they were joined, or that it is an assumption."""
    cited = regime.number.get("evidence", [])
    found = [regime.number.get("regulation", ""), *([cited] if isinstance(cited, str) else cited)]
    found += [regime.number.get("joined", ""), regime.note]
    if assumed := regime.number.get("assumption"):
        found.append(f"assumption: {assumed}")
    return "; ".join(text for text in found if text).replace("|", "\\|")
