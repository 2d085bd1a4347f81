"""The offset of every station: all that a window of daily positions says about a static source.

With positions Y (day, station) = h o' + N of one component, h the step (0 before the event day, 1 from it on)
and N Gaussian with covariance T (days) x S (stations), the log likelihood of the offsets o is

    -1/2 tr(T^-1 (Y - h o') S^-1 (Y - h o')') = const + (h' T^-1 Y) S^-1 o - 1/2 (h' T^-1 h) o' S^-1 o,

which holds the data only through h' T^-1 Y, that is through the generalised least-squares estimate

    ô' = h' T^-1 Y / (h' T^-1 h),    cov ô = S / (h' T^-1 h).

So ô is sufficient: 600 numbers say as much as 100 days x 300 stations x 2. Images and image series hold a
part of those positions and can say no more. Where days are missing at some stations each station has its own
filter W_s = T_oo^-1 h_o / (h_o' T_oo^-1 h_o); ô_s = W_s' Y_s is then unbiased with the covariance (W_s' T
W_r) S_sr, which is used as it is. It is no longer sufficient: the days that a neighbour has could help a
little more.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from slipbench.benchmarks.limits.noise import NoiseModel

#: Added to the diagonal of a covariance, as a share of its mean: surrogates of few windows have no full rank.
JITTER = 1e-9


@dataclass(frozen=True)
class Whitening:
    """Turns offsets into numbers with independent unit noise.

    Parameters
    ----------
    factors : tuple of ndarray
        Inverse Cholesky factors: one (m, m) for each component, or one (c m, c m) for all; for independent
        offsets one (m,) for each component, the inverse deviations.
    """

    factors: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, covariances: list[np.ndarray]) -> "Whitening":
        """For offsets with the given covariances; raises LinAlgError where one is not positive."""
        factors = []
        for cov in covariances:
            eye = np.eye(len(cov))
            chol = np.linalg.cholesky(cov + JITTER * np.trace(cov) / len(cov) * eye)
            factors.append(solve_triangular(chol, eye, lower=True))
        return cls(tuple(factors))

    @classmethod
    def independent(cls, sigma: np.ndarray) -> "Whitening":
        """For independent offsets with deviations `sigma` (c, m)."""
        return cls(tuple(1 / s for s in sigma))

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """Whitened offsets (n, c m) of offsets (n, c, m), in the dtype of the offsets."""
        n, c, m = offsets.shape
        factors = [f.astype(offsets.dtype, copy=False) for f in self.factors]
        if len(factors) == 1:
            return offsets.reshape(n, c * m) @ factors[0].T
        out = np.empty((n, c, m), offsets.dtype)
        for k, factor in enumerate(factors):
            if factor.ndim == 1:
                np.multiply(offsets[:, k], factor, out=out[:, k])
            else:
                np.matmul(offsets[:, k], factor.T, out=out[:, k])
        return out.reshape(n, c * m)

    def colour(self, white: np.ndarray, c: int) -> np.ndarray:
        """Noise (n, c, m) in mm of independent standard normal numbers (n, c m)."""
        n, total = white.shape
        m = total // c
        parts = white.reshape(n, len(self.factors), -1).swapaxes(0, 1)
        coloured = [solve_triangular(f, p.T, lower=True).T for f, p in zip(self.factors, parts, strict=True)]
        return np.concatenate(coloured, axis=1).reshape(n, c, m)


@dataclass(frozen=True)
class Offsets:
    """Estimated offsets of one event.

    Parameters
    ----------
    values : ndarray, shape (c, m)
        Mm, at the stations that have an estimate.
    stations : ndarray of int, shape (m,)
        Which stations of the network those are.
    whitening : Whitening
        Of the estimate's noise.
    """

    values: np.ndarray
    stations: np.ndarray
    whitening: Whitening


def step_filter(covariance: np.ndarray, step: np.ndarray, free_level: bool) -> np.ndarray | None:
    """Weights (d,) of the best unbiased estimate of a step; None where the days cannot tell it.

    Parameters
    ----------
    covariance : ndarray, shape (d, d)
        Noise between the days that are there.
    step : ndarray, shape (d,)
        0 before the event, 1 after.
    free_level : bool
        Whether the level before the event is unknown, as it is in real positions; in a made store it is 0.
    """
    if not step.any() or (free_level and step.all()):
        return None
    design = np.column_stack([step, np.ones_like(step)] if free_level else [step])
    solved = cho_solve(cho_factor(covariance), design)
    return solved @ np.linalg.inv(design.T @ solved)[:, 0]


@dataclass
class OffsetEstimator:
    """Generalised least-squares offsets; what depends on the pattern of gaps alone is worked out once.

    Parameters
    ----------
    noise : NoiseModel
        Noise of the daily positions of the whole network.
    event_day : int
        First day with the offset.
    free_level : bool
        See `step_filter`.
    """

    noise: NoiseModel
    event_day: int
    free_level: bool = False
    _known: dict[bytes, tuple[np.ndarray, np.ndarray, Whitening]] = field(default_factory=dict)

    def __call__(self, series: np.ndarray) -> Offsets:
        """Offsets of positions (m, d, c) in mm; NaN where missing.

        Raises
        ------
        ValueError
            When no station has data on which an estimate can rest.
        """
        there = np.isfinite(series).all(axis=2)
        stations, filters, whitening = self._prepared(there)
        filled = np.where(there[stations, :, None], series[stations], 0.0).astype(np.float64)
        return Offsets(np.einsum("mdc,dcm->cm", filled, filters), stations, whitening)

    def _prepared(self, there: np.ndarray) -> tuple[np.ndarray, np.ndarray, Whitening]:
        key = np.packbits(there).tobytes()
        if key not in self._known:
            if len(self._known) >= 4:  # gaps that never come again must not fill the memory
                self._known.pop(next(iter(self._known)))
            self._known[key] = self._prepare(there)
        return self._known[key]

    def _prepare(self, there: np.ndarray) -> tuple[np.ndarray, np.ndarray, Whitening]:
        m, d = there.shape
        step = (np.arange(d) >= self.event_day).astype(float)
        covariances = [self.noise.time(k) for k in range(2)]
        patterns, which = np.unique(there, axis=0, return_inverse=True)
        filters, usable = np.zeros((d, 2, m)), np.zeros(m, bool)
        for i, days in enumerate(patterns):
            same = which.ravel() == i
            for k, cov in enumerate(covariances):
                weights = step_filter(cov[np.ix_(days, days)], step[days], self.free_level)
                if weights is not None:
                    filters[np.ix_(days, [k], same)] = weights[:, None, None]
                    usable |= same
        stations = np.flatnonzero(usable)
        if not len(stations):
            raise ValueError("no station has data before and after the event")
        kept = filters[:, :, stations]
        return stations, kept, Whitening.of(self.noise.take(stations).covariance(kept))
