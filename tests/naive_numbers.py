"""The arithmetic of the naive interpreter: keyed uniform numbers, quantities, laws by inverse CDF, unknown numbers.

Scalar and slow on purpose, written from `docs/reference/semantics.md` alone. It shares no code with the package, so
that an error in one of them shows as a difference.
"""

import datetime
import functools
import hashlib
import math
import re
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import scipy.integrate
import scipy.stats
import yaml

AGENCIES = Path(__file__).parents[1] / "pathway_sim" / "agencies"
MASK = 2**64 - 1
DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
NORMAL = NormalDist()


# --- Draws ---------------------------------------------------------------------------------------------------------


def mix13(z: int) -> int:
    """Return the SplitMix64 finaliser (Stafford's variant 13) of a 64-bit integer."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@functools.lru_cache(maxsize=4096)
def key(seed: int, stream: str) -> tuple[int, int]:
    """Return the two halves of the stream's key."""
    digest = hashlib.blake2b(f"{seed}\x1f{stream}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def uniform(seed: int, stream: str, replication: int) -> float:
    """Return the number of a stream and a replication, strictly inside (0, 1)."""
    k0, k1 = key(seed, stream)
    w = mix13(mix13((k0 + replication * 0x9E3779B97F4A7C15) & MASK) ^ k1)
    return ((w >> 12) + 0.5) * 2.0**-52


def choose(u: float, options: list[tuple[str, float]]) -> str:
    """Return the first option whose cumulative probability is above u, else the last one."""
    total = 0.0
    for name, probability in options:
        total += probability
        if u < total:
            return name
    return options[-1][0]


def rounded(days: float) -> float:
    """Return a duration on the grid of 2⁻²⁰ day; `round` takes ties to even."""
    return round(days * 2**20) / 2**20


# --- Quantities ----------------------------------------------------------------------------------------------------


def days(text: str) -> float:
    """Return the days of a quantity such as '18 months' or '-3 days', or a rate such as '2 per month' by the day."""
    match = re.fullmatch(r"\s*([-+]?[0-9.]+(?:e[-+]?\d+)?)\s*(per )?([a-z]+?)s?\s*", text)
    if not match or match[3] not in DAYS:
        raise ValueError(f"not a duration: {text!r}")
    return float(match[1]) / DAYS[match[3]] if match[2] else float(match[1]) * DAYS[match[3]]


def plain(raw: Any) -> float:
    """Return a plain number or quantity of the file as a float (days, if it has a unit)."""
    return days(raw) if isinstance(raw, str) else float(raw)


def is_law(raw: Any) -> bool:
    """Tell whether a value of the file is a distribution."""
    return isinstance(raw, dict) and raw.get("kind", "fixed") != "fixed"


def is_quantity(raw: Any) -> bool:
    """Tell one number, quantity or distribution from a mapping of several."""
    return not isinstance(raw, dict) or bool({"kind", "value", "evidence", "rule"} & set(raw))


# --- Laws ----------------------------------------------------------------------------------------------------------


class Law(NamedTuple):
    """A distribution: its inverse CDF, its CDF and, where there is a formula, its mean."""

    ppf: Callable[[float], float]
    cdf: Callable[[float], float]
    mean: float | None


def uniform_law(low: float, high: float) -> Law:
    return Law(lambda u: low + u * (high - low), lambda x: min(max((x - low) / (high - low), 0), 1), (low + high) / 2)


def triangular_law(low: float, mode: float, high: float) -> Law:
    width, knee = high - low, (mode - low) / (high - low)

    def ppf(u: float) -> float:
        if u < knee:
            return low + math.sqrt(u * width * (mode - low))
        return high - math.sqrt((1 - u) * width * (high - mode))

    def cdf(x: float) -> float:
        if x <= low or x >= high:
            return float(x >= high)
        return (x - low) ** 2 / width / (mode - low) if x < mode else 1 - (high - x) ** 2 / width / (high - mode)

    return Law(ppf, cdf, (low + mode + high) / 3)


def exponential_law(mean: float) -> Law:
    return Law(lambda u: -mean * math.log1p(-u), lambda x: -math.expm1(-max(x, 0) / mean), mean)


def weibull_law(shape: float, scale: float) -> Law:
    return Law(
        lambda u: scale * (-math.log1p(-u)) ** (1 / shape),
        lambda x: -math.expm1(-((max(x, 0) / scale) ** shape)),
        scale * math.gamma(1 + 1 / shape),
    )


def normal_law(mean: float, sd: float) -> Law:
    return Law(lambda u: mean + sd * NORMAL.inv_cdf(u), lambda x: NORMAL.cdf((x - mean) / sd), mean)


def lognormal_law(p: dict[str, float]) -> Law:
    if "median" not in p:  # by mean and standard deviation
        sd_log = math.sqrt(math.log1p((p["sd"] / p["mean"]) ** 2))
        median = p["mean"] * math.exp(-(sd_log**2) / 2)
    else:
        median, sd_log = p["median"], spread(p)
    mean = median * math.exp(sd_log**2 / 2)
    return Law(
        lambda u: median * math.exp(sd_log * NORMAL.inv_cdf(u)),
        lambda x: NORMAL.cdf(math.log(x / median) / sd_log) if x > 0 else 0.0,
        mean,
    )


def spread(p: dict[str, float]) -> float:
    """Return the standard deviation of the logarithm, stated or from an upper quantile."""
    for name, level in (("p75", 0.75), ("p90", 0.9)):
        if name in p:
            return math.log(p[name] / p["median"]) / NORMAL.inv_cdf(level)
    return p["sd_log"]


def logitnormal_law(p: dict[str, float]) -> Law:
    centre = first(p, "median", "p50")
    centre = math.log(centre / (1 - centre))
    sd = first(p, "sd_logit", "sd_log_odds", "sd")
    return Law(
        lambda u: 1 / (1 + math.exp(-centre - sd * NORMAL.inv_cdf(u))),
        lambda x: NORMAL.cdf((math.log(x / (1 - x)) - centre) / sd) if 0 < x < 1 else float(x >= 1),
        None,
    )


def metalog_law(p10: float, p50: float, p90: float) -> Law:
    """Return the metalog of three terms through three quantiles."""
    ln9 = math.log(9)
    a2, a3 = (p90 - p10) / (2 * ln9), (p90 + p10 - 2 * p50) / (0.8 * ln9)
    logit = lambda u: math.log(u / (1 - u))  # noqa: E731
    return Law(lambda u: p50 + a2 * logit(u) + a3 * (u - 0.5) * logit(u), _no_cdf, None)


def empirical_law(values: list[float]) -> Law:
    """Return the law of equally likely values: the least value with at least a share u at or below it."""
    ranked = sorted(values)
    at = lambda u: ranked[max(math.ceil(u * len(ranked)), 1) - 1]  # noqa: E731
    return Law(at, lambda x: sum(v <= x for v in ranked) / len(ranked), sum(ranked) / len(ranked))


def mixture_law(parts: list[tuple[float, Law]]) -> Law:
    """Return the law of parts that lie one above the other: u is stretched inside the part that it falls in."""

    def ppf(u: float) -> float:
        below, total = 0.0, sum(weight for weight, _ in parts)
        for weight, law in parts:
            share = weight / total
            if u <= below + share or law is parts[-1][1]:
                return law.ppf((u - below) / share)
            below += share
        raise AssertionError

    return Law(ppf, _no_cdf, None)


def scipy_law(frozen: Any) -> Law:
    return Law(lambda u: float(frozen.ppf(u)), lambda x: float(frozen.cdf(x)), float(frozen.mean()))


def pert_law(low: float, mode: float, high: float) -> Law:
    width = high - low
    return scipy_law(scipy.stats.beta(1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width, low, width))


def beta_law(p: dict[str, float]) -> Law:
    return scipy_law(scipy.stats.beta(first(p, "a", "alpha"), first(p, "b", "beta")))


def enrolment_law(p: dict[str, float]) -> Law:
    """Return how long it takes to enrol, with sites that open at a steady rate during the ramp."""
    share = scipy.stats.beta(p["patients"], p["sites"] * p["alpha"])
    beta = p["alpha"] / (p["rate"] * (1 - p.get("screen_failure", 0.0)))
    ramp = p.get("ramp", 0.0)

    def ppf(u: float) -> float:
        w = float(share.ppf(u))
        with_all_sites = beta * w / (1 - w)
        return math.sqrt(2 * ramp * with_all_sites) if with_all_sites <= ramp / 2 else with_all_sites + ramp / 2

    return Law(ppf, _no_cdf, None)


def first(p: dict[str, float], *names: str) -> float:
    """Return the parameter under whichever of several spellings the file uses."""
    return next(p[name] for name in names if name in p)


def _no_cdf(_: float) -> float:
    raise NotImplementedError("this law cannot be truncated here")


MAKERS: dict[str, Callable[[dict[str, Any]], Law]] = {
    "uniform": lambda p: uniform_law(p["low"], p["high"]),
    "triangular": lambda p: triangular_law(p["low"], p["mode"], p["high"]),
    "pert": lambda p: pert_law(p["low"], p["mode"], p["high"]),
    "exponential": lambda p: exponential_law(p["mean"]),
    "weibull": lambda p: weibull_law(p["shape"], p["scale"]),
    "gamma": lambda p: scipy_law(scipy.stats.gamma(p["shape"], scale=p.get("scale", 1.0))),
    "beta": beta_law,
    "lognormal": lognormal_law,
    "normal": lambda p: normal_law(p["mean"], p["sd"]),
    "logitnormal": logitnormal_law,
    "quantiles": lambda p: metalog_law(p["p10"], p["p50"], p["p90"]),
    "enrolment": enrolment_law,
    "empirical": lambda p: empirical_law(p["values"]),
}


def make_law(kind: str, parameters: dict[str, Any]) -> Law:
    """Return a law with its parameters as plain numbers; `shift` moves it, then `min` and `max` condition it."""
    if kind not in MAKERS:
        raise NotImplementedError(f"the naive interpreter has no law {kind!r}")
    law = MAKERS[kind](parameters)
    if "shift" in parameters:
        law = shifted(law, parameters["shift"])
    if "min" in parameters or "max" in parameters:
        law = truncated(law, parameters.get("min", -math.inf), parameters.get("max", math.inf))
    return law


def shifted(law: Law, by: float) -> Law:
    mean = None if law.mean is None else law.mean + by
    return Law(lambda u: law.ppf(u) + by, lambda x: law.cdf(x - by), mean)


def truncated(law: Law, low: float, high: float) -> Law:
    below = law.cdf(low) if low > -math.inf else 0.0
    above = law.cdf(high) if high < math.inf else 1.0
    ppf = lambda u: min(max(law.ppf(below + u * (above - below)), low), high)  # noqa: E731
    return Law(ppf, lambda x: min(max((law.cdf(x) - below) / (above - below), 0), 1), None)


def mean_of(law: Law) -> float:
    """Return the mean, by its formula or as the integral of the inverse CDF."""
    return law.mean if law.mean is not None else scipy.integrate.quad(law.ppf, 0, 1, limit=200)[0]


# --- Unknown numbers -----------------------------------------------------------------------------------------------

CITATIONS = {"evidence", "assumption", "regulation", "joined", "source", "note", "title", "status", "from", "until"}
NOT_PARAMETERS = {"kind", "value", "values", "n", "transfer", *CITATIONS}


def borrowed(entry: dict[str, Any], transfer: float, in_duration: bool) -> dict[str, Any]:
    """Return an entry of the catalogue with its chance, or with what is not known about it."""
    if "kind" in entry or "value" not in entry:
        return entry
    x = entry["value"]
    if entry.get("is_time"):
        sd_log = scatter(x, entry.get("dispersion")) if entry.get("definition") == "median" else None
        return {"kind": "lognormal", "median": x, "sd_log": sd_log} if in_duration and sd_log else {"value": x}
    error = standard_error(entry.get("dispersion"))
    if error and not 0 <= x <= 1:
        return {"value": x, "kind": "normal", "mean": x, "sd": error, "min": 0.0}
    if transfer == 0 and entry.get("n"):
        yes = x * entry["n"]
        return {"value": x, "kind": "beta", "alpha": yes + 0.5, "beta": entry["n"] - yes + 0.5}
    if not 0 < x < 1:
        return {"value": x}
    return {"value": x, "kind": "logitnormal", "median": x, "sd": math.hypot(transfer, error_of_logit(x, entry))}


def scatter(median: float, dispersion: dict[str, Any] | None) -> float | None:
    """Return the standard deviation of the logarithm of what was observed."""
    if dispersion is None:
        return None
    if dispersion["kind"] == "sd_log":
        return dispersion["value"]
    if dispersion["kind"] == "p90":
        return math.log(dispersion["value"] / median) / NORMAL.inv_cdf(0.9)
    levels = {"quartiles": 0.75, "p10_p90": 0.9}
    if dispersion["kind"] not in levels:
        return None
    return math.log(dispersion["high"] / dispersion["low"]) / (2 * NORMAL.inv_cdf(levels[dispersion["kind"]]))


def standard_error(dispersion: dict[str, Any] | None, of: Callable[[float], float] = float) -> float:
    """Return the standard error of a figure, or on the scale `of` if it is stated as an interval; 0 if it has none."""
    if dispersion is not None and dispersion["kind"] == "se":
        return dispersion["value"]
    if dispersion is not None and dispersion["kind"] == "interval_95":
        return (of(dispersion["high"]) - of(dispersion["low"])) / (2 * NORMAL.inv_cdf(0.975))
    return 0.0


def error_of_logit(x: float, entry: dict[str, Any]) -> float:
    dispersion = entry.get("dispersion")
    error = standard_error(dispersion, lambda p: math.log(p / (1 - p)))
    return error / (x * (1 - x)) if dispersion is not None and dispersion["kind"] == "se" else error


class Regime(NamedTuple):
    """A number that a rule has from a day on."""

    day: float
    name: str
    raw: dict[str, Any]


@functools.cache
def agency(name: str) -> dict[str, Any]:
    """Return the rules of an agency."""
    return yaml.safe_load((AGENCIES / f"{name}.yaml").read_text(encoding="utf-8"))["rules"]


@functools.cache
def dated_regimes(rule: str) -> list[tuple[datetime.date | None, dict[str, Any]]]:
    """Return the regimes of a rule, the oldest first, each with the date from which it holds, if there is one."""
    name, path = rule.split(".", 1)
    entry = agency(name)[path]
    return [(raw.get("from"), raw) for raw in entry.get("regimes", [entry])]


class Numbers:
    """The numbers of a scenario in one replication: certain ones as they stand, unknown ones at their parameter set."""

    def __init__(
        self, seed: int, replication: int, parameter_sets: int, evidence: dict[str, Any], as_of: str | None = None
    ) -> None:
        self.seed, self.sets, self.set = seed, parameter_sets, replication % parameter_sets
        self.evidence, self.as_of = evidence, as_of

    def regimes(self, rule: str) -> list[Regime]:
        """Return the regimes of a rule that count: the one of day 0, then the later ones in order of date."""
        if self.as_of is None:
            raise ValueError("a rule needs the date on which the scenario begins")
        today = datetime.date.fromisoformat(self.as_of)
        found = [
            Regime((date - today).days if date else -math.inf, f"rule.{rule}.{place}", raw)
            for place, (date, raw) in enumerate(dated_regimes(rule))
        ]
        begun = [regime for regime in found if regime.day <= 0] or found[:1]
        return [begun[-1], *found[len(begun) :]]

    def later_regimes(self, raw: Any, start: float) -> list[tuple[str, Any]]:
        """Return, by name, the numbers that have replaced the one of day 0 for a step that starts now."""
        if not (isinstance(raw, dict) and "rule" in raw):
            return []
        return [(each.name, each.raw) for each in self.regimes(raw["rule"])[1:] if each.day <= start]

    def cited(self, path: str, raw: Any, in_duration: bool = False) -> tuple[str, Any]:
        """Return the name of a number and its value or law; a rule or evidence lends what the file does not state."""
        if isinstance(raw, dict) and "rule" in raw:
            regime = self.regimes(raw["rule"])[0]
            return regime.name, regime.raw
        if not (isinstance(raw, dict) and "evidence" in raw):
            return path, raw
        if not isinstance(raw["evidence"], str) or "value" in raw or "kind" in raw:
            return path, raw  # a number with its citation
        name = raw["evidence"]
        entry = self.evidence.get(name, {})
        entry = entry if isinstance(entry, dict) else {"value": entry}
        return name, {**borrowed(entry, raw.get("transfer", 0.35), in_duration), **raw}

    def number(self, path: str, raw: Any) -> float:
        """Return a number (in days, if it has a unit) of this replication."""
        name, raw = self.cited(path, raw)
        if not is_law(raw):
            return plain(raw["value"] if isinstance(raw, dict) else raw)
        if self.sets == 1 and "value" in raw:
            return plain(raw["value"])
        law = make_law(raw["kind"], self.parameters(path, raw))
        return mean_of(law) if self.sets == 1 else law.ppf(self.level(name))

    def level(self, name: str) -> float:
        return stratified(self.seed, name, self.set, self.sets)

    def law(self, path: str, raw: dict[str, Any]) -> Law:
        """Return a law of chance, whose parameters may be unknown."""
        if raw["kind"] == "fixed":
            value = self.number(path, raw)
            return Law(lambda _: value, lambda x: float(x >= value), value)
        if raw["kind"] == "mixture":
            return self.mixture(path, raw["parts"])
        return make_law(raw["kind"], self.parameters(path, raw))

    def mixture(self, path: str, parts: list[dict[str, Any]]) -> Law:
        """Return the mixture of parts; one weight may be the rest."""
        known = {
            i: self.number(f"{path}.parts.{i}.weight", p["weight"])
            for i, p in enumerate(parts)
            if p["weight"] != "rest"
        }
        rest = 1 - sum(known.values())
        laws = [self.law(f"{path}.parts.{i}.of", part["of"]) for i, part in enumerate(parts)]
        return mixture_law([(known.get(i, rest), law) for i, law in enumerate(laws)])

    def parameters(self, path: str, raw: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {k: self.number(f"{path}.{k}", v) for k, v in raw.items() if k not in NOT_PARAMETERS}
        if isinstance(raw.get("values"), list):
            found["values"] = [self.number(f"{path}.values.{i}", v) for i, v in enumerate(raw["values"])]
        return found

    def shares(self, path: str, raw: dict[str, Any]) -> dict[str, float]:
        """Return shares that sum to one: stated one by one, or together as a Dirichlet law."""
        if raw.get("kind") != "dirichlet":
            return {name: self.number(f"{path}.{name}", value) for name, value in raw.items()}
        alpha = raw["counts"]
        if self.sets == 1:
            sizes = {k: plain(v) for k, v in raw["values"].items()} if "values" in raw else alpha
        else:
            sizes = {k: float(scipy.stats.gamma.ppf(self.level(f"{path}.{k}"), a)) for k, a in alpha.items()}
        total = sum(sizes.values())
        return {k: size / total for k, size in sizes.items()}


@functools.lru_cache(maxsize=4096)
def stratified(seed: int, name: str, s: int, sets: int) -> float:
    """Return the uniform number of unknown `name` in set s: one in each of the P equal strata."""
    draws = [uniform(seed, f"parameter/{name}", i) for i in range(sets)]
    rank = sum(other < draws[s] for other in draws)
    return (rank + uniform(seed, f"parameter/{name}/within", s)) / sets
