"""How far the closed form of `Enrolment` is from a trial simulated site by site.

Run ``python benchmarks/enrolment_error.py`` to print the table of ``docs/explanation/enrolment.md``.

The closed form treats the opening of sites as a change of time. The reference does not: every site has its own rate and
its own opening day, and the time of the last patient is found from the sum of the sites' intensities, without any
approximation. Both use the same uniform numbers, so that most of the simulation error of a difference cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathway_sim.distributions import Array, Enrolment, Gamma
from pathway_sim.draws import uniform
from pathway_sim.units import MONTH

LEVELS = (0.1, 0.5, 0.9)
REPLICATIONS = 20_000


@dataclass(frozen=True)
class Design:
    """A trial: rates per site and month, ramp in months."""

    name: str
    patients: int
    sites: int
    rate: float
    ramp: float
    screen_failure: float
    alpha: float = 1.2
    random_opening: bool = False

    def distribution(self) -> Enrolment:
        """The closed form, in days."""
        rate, ramp = self.rate / MONTH, self.ramp * MONTH
        return Enrolment(self.patients, self.sites, rate, self.alpha, ramp, self.screen_failure)


DESIGNS = (
    Design("Phase 1, 3 sites", 20, 3, 1.0, 3.0, 0.3),
    Design("Phase 2, 8 sites", 60, 8, 0.8, 6.0, 0.3),
    Design("Phase 2, 20 sites", 120, 20, 0.6, 9.0, 0.3),
    Design("the same, very unequal sites", 120, 20, 0.6, 9.0, 0.3, alpha=0.5),
    Design("the same, nearly equal sites", 120, 20, 0.6, 9.0, 0.3, alpha=5.0),
    Design("Phase 3, 60 sites", 400, 60, 0.5, 12.0, 0.3),
    Design("Phase 3, 60 sites, enrolled before all are open", 150, 60, 0.8, 18.0, 0.3),
    Design("10 sites, enrolled before all are open", 25, 10, 0.8, 18.0, 0.3),
    Design("20 sites, each opening on a random day", 120, 20, 0.6, 9.0, 0.3, random_opening=True),
    Design("no ramp, 20 sites", 120, 20, 0.6, 0.0, 0.3),
)


def keyed(design: Design, purpose: str, replications: int) -> Array:
    """Uniform numbers of their own for every design and purpose."""
    return uniform(1, f"enrolment/{design.name}/{purpose}", np.arange(replications))


def simulate(design: Design, replications: int) -> tuple[Array, Array]:
    """Days to the last patient, site by site, and by the change of time on the same rates; shapes (replications,)."""
    enrolled = design.rate / MONTH * (1.0 - design.screen_failure)  # per site and day, on average
    site_rate = Gamma(design.alpha, enrolled / design.alpha)
    rates = np.stack([site_rate.ppf(keyed(design, f"site {k}", replications)) for k in range(design.sites)])
    work = Gamma(float(design.patients), 1.0).ppf(keyed(design, "patients", replications))
    by_clock = change_of_time(work / rates.sum(axis=0), design.ramp * MONTH)
    return days_until(work, rates, opening_days(design, replications)), by_clock


def opening_days(design: Design, replications: int) -> Array:
    """Days on which the sites open, ascending, shape (sites, replications): evenly over the ramp, or each at random."""
    sites, ramp = design.sites, design.ramp * MONTH
    if design.random_opening:
        days = ramp * np.stack([keyed(design, f"opening {k}", replications) for k in range(sites)])
        return np.sort(days, axis=0)
    return np.repeat(ramp * (np.arange(sites)[:, None] + 0.5) / sites, replications, axis=1)


def days_until(work: Array, rates: Array, opening: Array) -> Array:
    """When the integrated intensity of all open sites reaches ``work``: exact, as it is linear between openings.

    Rates and ascending opening days have shape (sites, replications). The n-th point of a Poisson process comes when
    the integral of its rate reaches a Gamma(n) variate.
    """
    pooled = np.cumsum(rates, axis=0)
    done = pooled * opening - np.cumsum(rates * opening, axis=0)  # by the time each site opens
    last = np.sum(done <= work, axis=0) - 1
    column = np.arange(len(work))
    days: Array = opening[last, column] + (work - done[last, column]) / pooled[last, column]
    return days


def change_of_time(open_days: Array, ramp: float) -> Array:
    """Real time at which the mean share of sites open, integrated, reaches ``open_days``."""
    return np.where(open_days < ramp / 2, np.sqrt(2 * ramp * open_days), open_days + ramp / 2)


def errors(design: Design, replications: int = REPLICATIONS) -> tuple[Array, Array]:
    """Site-level quantiles in days, and the relative error of the closed form, at each of ``LEVELS``.

    The sample quantile of the reference is corrected by what the same sample gets wrong about the closed form.
    """
    exact = design.distribution().ppf(np.array(LEVELS))
    by_site, by_clock = simulate(design, replications)
    reference = np.quantile(by_site, LEVELS) - (np.quantile(by_clock, LEVELS) - exact)
    return reference, exact / reference - 1.0


def row(design: Design, replications: int = REPLICATIONS) -> str:
    """A line of the table."""
    reference, error = errors(design, replications)
    cells = [design.patients, design.sites, design.rate, f"{design.ramp:g}", design.alpha]
    shown = [f"{round(100 * one, 1) + 0.0:+.1f} %" for one in error]  # + 0.0 turns −0 into 0
    return "| " + " | ".join(map(str, [design.name, *cells, f"{reference[1] / MONTH:.1f}", *shown])) + " |"


def table(replications: int = REPLICATIONS) -> str:
    """The errors of all designs as a Markdown table."""
    lines = [
        "| design | patients | sites | rate | ramp | alpha | median | error at 10 % | at 50 % | at 90 % |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *(row(design, replications) for design in DESIGNS)])


if __name__ == "__main__":
    print(table())
