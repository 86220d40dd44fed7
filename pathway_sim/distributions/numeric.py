"""Special functions of a probability given as the pair (lower, upper); `scipy.special` is loaded at the first use.

Each inversion is kept to the elements that need it. Powers are written as ``exp(p·log(x))`` because
``np.power`` takes another route for some scalar exponents than for the same number in an array.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pathway_sim.distributions.base import Array, Values

_LARGEST_EXPONENT = 700.0
_SMALLEST = 5e-324


def log_upper(lower: Array, upper: Array) -> Array:
    """log(P(X > x)), from whichever of the pair is precise."""
    result: Array = np.where(upper < lower, np.log(upper), np.log1p(-np.minimum(lower, 0.5)))
    return result


def logit(lower: Array, upper: Array) -> Array:
    """log(lower / upper)."""
    result: Array = np.log(lower) - np.log(upper)
    return result


def expit(x: Values) -> Array:
    """1 / (1 + exp(−x)) without overflow."""
    from scipy import special

    result: Array = special.expit(x)
    return result


def normal_score(lower: Array, upper: Array) -> Array:
    """Standard normal quantile: Φ(z) = lower."""
    from scipy import special

    z: Array = special.ndtri(np.minimum(lower, upper))
    return np.where(lower <= upper, z, -z)


def normal_cdf(z: Values) -> Array:
    """Φ(z), precise in the lower tail."""
    from scipy import special

    result: Array = special.ndtr(z)
    return result


def power(x: Values, exponent: Values) -> Array:
    """Power of x >= 0, held below 1e304."""
    exact_zero = np.asarray(x) <= 0
    log_power = exponent * np.log(np.maximum(x, _SMALLEST))
    return np.where(exact_zero, 0.0, np.exp(np.minimum(log_power, _LARGEST_EXPONENT)))


def gamma_inverse(shape: Values, lower: Array, upper: Array) -> Array:
    """Standard gamma quantile."""
    from scipy import special

    small = np.broadcast_to(lower <= upper, np.broadcast_shapes(np.shape(shape), lower.shape))
    x = np.empty(small.shape)
    _fill(x, small, special.gammaincinv, shape, lower)
    _fill(x, ~small, special.gammainccinv, shape, upper)
    return x[()]


def _fill(out: Array, where: npt.NDArray[np.bool_], function: Callable[..., Array], *arguments: Values) -> None:
    """Write function(arguments) into `out` where the mask is set, and compute it there only.

    Not with a ufunc's own ``where=``: the masked loops of SciPy 1.17.1 under NumPy 2.4.6 write outside their buffers.
    """
    columns = [np.broadcast_to(argument, out.shape)[where] for argument in arguments]
    out[where] = function(*columns)


def beta_inverse(alpha: Values, beta: Values, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Beta quantile x and its complement 1 − x, each to full relative precision.

    The smaller of the two is solved for, from the tail whose probability is the smaller one.
    """
    from scipy import special

    below = lower <= upper
    # The upper half as the lower one of the mirrored distribution: `betaincc` takes ten times as long as `betainc`.
    left = np.where(below, lower <= special.betainc(alpha, beta, 0.5), upper >= special.betainc(beta, alpha, 0.5))
    below = np.broadcast_to(below, left.shape)
    near, tiny = _beta_near_zero(alpha, beta, lower, upper, left)
    rest = ~tiny
    _fill(near, rest & left & below, special.betaincinv, alpha, beta, lower)
    _fill(near, rest & left & ~below, special.betainccinv, alpha, beta, upper)
    _fill(near, rest & ~left & below, special.betainccinv, beta, alpha, lower)
    _fill(near, rest & ~left & ~below, special.betaincinv, beta, alpha, upper)
    near = np.minimum(near, 0.5)  # both sides meet at one half, so no step down at the switch
    return np.where(left, near, 1.0 - near), np.where(left, 1.0 - near, near)


def _beta_near_zero(
    alpha: Values, beta: Values, lower: Array, upper: Array, left: npt.NDArray[np.bool_]
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """The smaller of x and 1 − x by the first two terms of its series, and where that is exact to double precision.

    `betaincinv` is imprecise or NaN where the answer is below about 1e-15.
    """
    from scipy import special

    shape, other = np.where(left, alpha, beta), np.where(left, beta, alpha)
    log_first = np.where(left, np.log(alpha), np.log(beta)) + special.betaln(alpha, beta)
    first = np.exp(np.minimum((np.log(np.where(left, lower, upper)) + log_first) / shape, 0.0))
    x = np.array(first * (1.0 + first * ((other - 1.0) / (shape + 1.0))))
    return x, np.asarray(first * (1.0 + other) < 1e-9)


def beta_cdf(alpha: Values, beta: Values, x: Values, rest: Values) -> Array:
    """P(Beta <= x), where rest = 1 − x to full precision."""
    from scipy import special

    result: Array = np.where(
        np.asarray(x) <= rest, special.betainc(alpha, beta, x), special.betaincc(beta, alpha, rest)
    )
    return result
