"""How long a trial takes to enrol: Poisson-gamma recruitment with sites that open over a ramp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathway_sim.distributions.base import Array, Distribution, Message, Values, demand, demand_positive
from pathway_sim.distributions.numeric import beta_cdf, beta_inverse


@dataclass(frozen=True, eq=False)
class Enrolment(Distribution):
    """Time in days from the opening of the first site until the last patient is enrolled.

    Each site enrols as a Poisson process. Its rate is gamma distributed over sites with mean ``rate`` and shape
    ``alpha``, thinned by ``1 − screen_failure``. With N sites open the pooled rate is Gamma(N·alpha), so the time to
    patient n is a scaled beta-prime (Anisimov & Fedorov 2007, Statistics in Medicine 26:4958, doi:10.1002/sim.2956).
    Sites open evenly over ``ramp`` days; this is taken as a change of time by the mean share of sites open, an
    approximation whose error is measured in ``docs/explanation/enrolment.md``.

    Parameters
    ----------
    patients, sites : int or array, shape (n,)
        How many patients are needed, and how many sites take part; at least 1.
    rate : float or array, shape (n,)
        Mean number of patients screened at one open site in one day, per day.
    alpha : float or array, shape (n,)
        Shape of the gamma distribution of rates over sites; 1/sqrt(alpha) is their coefficient of variation.
    ramp : float or array, shape (n,)
        Days from the opening of the first site to that of the last one; 0 if all open at once.
    screen_failure : float or array, shape (n,)
        Share of the screened who are not enrolled, in [0, 1).
    """

    patients: Values
    sites: Values
    rate: Values
    alpha: Values
    ramp: Values
    screen_failure: Values

    def _pooled(self) -> Values:
        """Shape of the pooled rate."""
        return self.sites * self.alpha

    def _scale(self) -> Values:
        """Days: the rate parameter of the gamma distribution of one site's thinned rate."""
        return self.alpha / (self.rate * (1.0 - self.screen_failure))

    def _odds(self, x: Values) -> Array:
        """How many days with all sites open the first x days are worth, in units of the scale."""
        days = np.maximum(x, 0.0)
        rising = np.minimum(days, self.ramp)
        half_ramp = 0.5 * rising * rising / np.where(np.asarray(self.ramp) > 0, self.ramp, 1.0)
        odds: Array = (half_ramp + np.maximum(days - self.ramp, 0.0)) / self._scale()
        return odds

    def _cdf(self, x: Array) -> Array:
        share, rest = _shares(self._odds(x))
        return beta_cdf(self.patients, self._pooled(), share, rest)

    def _sf(self, x: Array) -> Array:
        share, rest = _shares(self._odds(x))
        return beta_cdf(self._pooled(), self.patients, rest, share)

    def mean(self) -> Values:
        """Closed form; infinite where sites·alpha <= 1.

        With T the time to the last patient if all sites were open from the start and c = ramp/2, the real time is
        T + c − (sqrt(T) − sqrt(c))² for T < c and T + c beyond; the partial moments of T are incomplete beta functions.
        """
        shape, c = self._pooled(), 0.5 * np.asarray(self.ramp, dtype=np.float64)
        exists = np.asarray(shape) > 1.0
        shape = np.where(exists, shape, 2.0)
        share, rest = _shares(c / self._scale())
        whole, half, none = (self._partial_moment(order, shape, share, rest) for order in (1.0, 0.5, 0.0))
        early = whole - 2.0 * np.sqrt(c) * half + c * none
        return np.where(exists, self._moment(1.0, shape) + c - early, np.inf)[()]

    def _moment(self, order: float, shape: Array) -> Array:
        """E[T**order] with all sites open."""
        from scipy import special

        n = np.asarray(self.patients, dtype=np.float64)
        log_ratio = special.betaln(n + order, shape - order) - special.betaln(n, shape)
        scale = np.asarray(self._scale(), dtype=np.float64)
        moment: Array = np.exp(log_ratio) * (scale if order == 1.0 else np.sqrt(scale) if order else 1.0)
        return moment

    def _partial_moment(self, order: float, shape: Array, share: Array, rest: Array) -> Array:
        """E[T**order; T < c], where share and rest place c on the beta scale."""
        n = np.asarray(self.patients, dtype=np.float64)
        return self._moment(order, shape) * beta_cdf(n + order, shape - order, share, rest)

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def check(self) -> list[Message]:
        failure = np.asarray(self.screen_failure)
        return [
            *_demand_count("patients", self.patients),
            *_demand_count("sites", self.sites),
            *demand_positive(rate=self.rate, alpha=self.alpha),
            *demand("ramp", self.ramp, np.asarray(self.ramp) >= 0, "must be at least 0"),
            *demand("screen_failure", failure, (failure >= 0) & (failure < 1), "must be at least 0 and less than 1"),
        ]

    def _inverse(self, lower: Array, upper: Array) -> Array:
        share, rest = beta_inverse(self.patients, self._pooled(), lower, upper)
        return self._placed(share / np.maximum(rest, 1e-290))

    def _standard(self) -> Enrolment:
        """The odds: the time to the last patient with all sites open, where the scale is one day."""
        return Enrolment(self.patients, self._pooled(), 1.0, 1.0, 0.0, 0.0)

    def _placed(self, x: Array) -> Array:
        open_days = self._scale() * x
        half_ramp = 0.5 * np.asarray(self.ramp, dtype=np.float64)
        rising = np.minimum(2.0 * np.sqrt(half_ramp * open_days), self.ramp)
        return np.where(open_days < half_ramp, rising, open_days + half_ramp)

    def _knots(self) -> tuple[Values, ...]:
        return (self.ramp,)


def _shares(odds: Values) -> tuple[Array, Array]:
    """odds/(1 + odds) and 1/(1 + odds), also for infinite odds."""
    share = np.where(np.asarray(odds) > 0, 1.0 / (1.0 + 1.0 / np.maximum(odds, 1e-300)), 0.0)
    rest: Array = 1.0 / (1.0 + np.asarray(odds))
    return share, rest


def _demand_count(name: str, value: Values) -> list[Message]:
    whole = np.asarray(value) == np.floor(value)
    return demand(name, value, np.asarray(value) >= 1, "must be at least 1") or demand(
        name, value, whole, "must be a whole number"
    )
