"""How many anomalies chance alone gives, and whether those before an event are more than chance.

A normal value lies beyond one bound of the quartile rule with probability 0.35 %, so 0.70 % beyond either
(Hoaglin, Iglewicz and Tukey 1986): the 0.7 % that is often named belongs to both bounds together. It holds
for bounds that are known. Bounds from a few values before, dependent values and heavy tails give more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats
from scipy.signal import lfilter

from slipbench.datasets.anomaly.quartiles import REACH, Method, bounds

#: Windows simulated for a rate, at most so many values in all: its standard error is about a hundredth of it.
_WINDOWS, _VALUES = 20_000, 6_000_000
_RESAMPLES = 1000


def long_run_rate(tail: float = np.inf) -> float:
    """Share of values beyond either bound where the quartiles are known exactly.

    Parameters
    ----------
    tail : float
        Degrees of freedom of Student's distribution; infinite for the normal one.

    Returns
    -------
    float
        Of both bounds together; each has half.
    """
    high = float(stats.t.ppf(0.75, tail))
    return float(2 * stats.t.sf(high + REACH * 2 * high, tail))


@lru_cache(maxsize=32)
def rule_rate(window: int, method: Method = "halves", memory: float = 0.0, tail: float = np.inf) -> float:
    """Share of values beyond either bound, the bounds coming from the `window` values before.

    The series is AR(1): x[t] = memory x[t - 1] + e[t]. Windows are drawn, and the share is the mean over them
    of the exact probability that the value after a window lies beyond its bounds.

    Parameters
    ----------
    window : int
        Values before.
    method : str
        How quartiles are taken.
    memory : float
        Correlation of neighbouring values, 0 ... 0.99.
    tail : float
        Degrees of freedom of e, which has Student's distribution; infinite for the normal one.

    Returns
    -------
    float
        Of both bounds together.
    """
    if not 0 <= memory <= 0.99:
        raise ValueError(f"a correlation of {memory:g}; 0 ... 0.99 is possible")
    spin_up = round(10 / (1 - memory))
    rng = np.random.default_rng([window, spin_up])
    length = spin_up + window
    shape = (min(_WINDOWS, max(_VALUES // length, 1000)), length)
    noise = rng.standard_normal(shape) if np.isinf(tail) else rng.standard_t(tail, shape)
    x = lfilter([1.0], [1.0, -memory], noise, axis=-1)[:, spin_up:]
    low, high = bounds(x, method)
    next_mean = memory * x[:, -1]
    return float(np.mean(stats.t.cdf(low - next_mean, tail) + stats.t.sf(high - next_mean, tail)))


def quiet_rate(flags: np.ndarray, block: int) -> tuple[float, float, float]:
    """Share of marked values on data where nothing happened, with its 95 % interval.

    Parameters
    ----------
    flags : ndarray, shape (..., n)
        1 marked, 0 not, NaN not tested; time last. Series of one time count together.
    block : int
        Steps that depend on each other; blocks of so many are drawn (Carlstein 1986).

    Returns
    -------
    tuple of float
        Share, lower and upper end; the ends are NaN for fewer than two blocks with tests.
    """
    flags = np.asarray(flags, np.float64).reshape(-1, np.shape(flags)[-1])
    starts = np.arange(0, flags.shape[1], block)
    marked = np.add.reduceat(np.nansum(flags, axis=0), starts)
    tested = np.add.reduceat(np.isfinite(flags).sum(axis=0), starts)
    marked, tested = marked[tested > 0], tested[tested > 0]
    if not len(tested):
        return np.nan, np.nan, np.nan
    share = float(marked.sum() / tested.sum())
    if len(tested) < 2:
        return share, np.nan, np.nan
    drawn = np.random.default_rng(len(tested)).integers(len(tested), size=(_RESAMPLES, len(tested)))
    low, high = np.quantile(marked[drawn].sum(1) / tested[drawn].sum(1), [0.025, 0.975])
    return share, float(low), float(high)


def shift_p_value(flags: np.ndarray, events: Sequence[int] | np.ndarray, before: int) -> float:
    """How often chance has as many events with an anomaly shortly before.

    The marks are shifted against the events by every number of steps, around the end (circular shifts): what
    is left of the clustering of both is kept, their relation is not. A test of relation, not of cause.

    Parameters
    ----------
    flags : ndarray, shape (n,)
        1 marked, 0 not, NaN not tested (counts as not marked, and is shifted along).
    events : sequence of int
        Steps of the events, `before` ... n; n is the step after the last.
    before : int
        Steps before an event's own in which a mark counts.

    Returns
    -------
    float
        Share of all n shifts, none among them, with at least as many events that have a mark before.

    Raises
    ------
    ValueError
        For an event before whose step there are fewer than `before`, or none.
    """
    marked, events = np.nan_to_num(np.asarray(flags, np.float64)) > 0, np.asarray(events, np.int64)
    n = len(marked)
    if not 1 <= before <= n or not len(events) or ((events < before) | (events > n)).any():
        raise ValueError(f"{before} steps before each of {len(events)} events are not all within {n} steps")
    sums = np.concatenate([[0], np.cumsum(np.concatenate([marked[n - before :], marked]))])
    near = (sums[before : before + n] - sums[:n] > 0).astype(np.float64)
    count = np.bincount(events % n, minlength=n).astype(np.float64)
    hits = np.rint(np.fft.irfft(np.fft.rfft(near) * np.conj(np.fft.rfft(count)), n))
    return float(np.mean(hits >= hits[0]))


@dataclass(frozen=True)
class Before:
    """The question whether anomalies lie before events.

    Parameters
    ----------
    flags, events, before
        See `shift_p_value`.
    """

    flags: np.ndarray
    events: Sequence[int]
    before: int


@dataclass(frozen=True)
class Caution:
    """What every report of anomalies has to say.

    Parameters
    ----------
    tests, found : int
        Values that were compared with bounds, and those beyond them.
    window : int
        Values that the bounds come from.
    method : str
        How quartiles are taken.
    quiet : tuple of float, optional
        `quiet_rate` of this rule on quiet data of this kind.
    related : Before, optional
        Events whose relation is asked for.
    step : str
        What a step of time is called, such as ``day`` or ``second``.
    """

    tests: int
    found: int
    window: int
    method: Method = "halves"
    quiet: tuple[float, float, float] | None = None
    related: Before | None = None
    step: str = "day"

    @property
    def expected(self) -> float:
        """Anomalies that chance gives: by the rate on quiet data, else by that of normal values."""
        return self.tests * (self.quiet[0] if self.quiet else rule_rate(self.window, self.method))

    def text(self) -> str:
        """A paragraph of Markdown."""
        both, here = long_run_rate(), rule_rate(self.window, self.method)
        parts = [
            f"**Caution.** {self.tests:,} values were tested, {self.found:,} are beyond the bounds. Chance "
            f"alone does that: of normal, independent values {both:.2%} ({both / 2:.2%} at each bound) "
            f"where the quartiles are known, and {here:.2%} where they come from {self.window} values "
            f"({self.method}), which makes {_count(self.tests * here)} of {self.tests:,}."
        ]
        if self.quiet:
            share, low, high = self.quiet
            ends = f" [{low:.2%}, {high:.2%}]" if np.isfinite(low) else ""
            parts.append(
                f"On quiet data of this kind the rule marks {share:.2%}{ends}, so about "
                f"**{_count(self.expected)} false anomalies** are to be expected."
            )
        else:
            parts.append("Dependent values and heavy tails give more.")
        if self.related:
            r = self.related
            p = shift_p_value(r.flags, r.events, r.before)
            events = "the event" if len(r.events) == 1 else f"{len(r.events)} events"
            parts.append(
                f"An anomaly within {r.before} {self.step}{'s' * (r.before != 1)} before {events}: "
                f"**p = {p:.2g}**, the share of the {len(r.flags):,} circular shifts of the marks that give "
                "as many or more. A small p tells of a relation in time, not of a cause, and counts only "
                "for a question asked before the data were seen."
            )
        return " ".join(parts)


def _count(expected: float) -> str:
    return f"{expected:.1f}" if expected < 10 else f"{expected:,.0f}"
