"""The prior of an S1 store's sources, on eight coordinates that are standard normal or uniform.

Latitude, longitude and Mw are uniform. The other parameters are drawn again (or the fault is lowered) until
the fault lies below the surface, so their joint density given Mw is the product of the ranges cut off at the
surface and divided by Z(Mw), the probability that a draw is kept. Depth is therefore given by its place
between the shallowest depth of that fault and the deepest depth; `Prior.log_weight` is what the density then
differs by.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr, ndtri

from slipbench.datasets.physics.source import (
    MECHANISMS,
    Sampling,
    crack,
    lognormal_parameters,
    moment,
)

#: The coordinates in their order.
NAMES = ("latitude", "longitude", "mw", "strike", "dip", "rake", "stress_drop", "depth")
DIMENSIONS = len(NAMES)
#: |z| of a standard normal coordinate is kept below this: beyond, it is 1e-15 of the range from an end.
FARTHEST = 8.0

_MW_NODES, _DIP_NODES, _DROP_NODES = 91, 24, 192


@dataclass(frozen=True)
class Prior:
    """Maps between coordinates and physical parameters.

    Parameters
    ----------
    sampling : Sampling
        Ranges and policies that the store was made with.
    """

    sampling: Sampling

    @cached_property
    def ranges(self) -> np.ndarray:
        """Low and high (6, 2) of the uniform ones."""
        s = self.sampling
        ends = [(r.low, r.high) for r in (s.latitude, s.longitude, s.mw)]
        return np.array([*ends, *MECHANISMS[s.variant]])

    @cached_property
    def _drop(self) -> tuple[float, float, float, float]:
        """Mean and deviation of the logarithm of the stress drop in MPa; its normal CDF at the bounds."""
        d = self.sampling.stress_drop
        mu, sigma = lognormal_parameters(d.mean_mpa, d.std_mpa)
        if d.truncation == "none":
            return mu, sigma, 0.0, 1.0
        low, high = (float(ndtr((np.log(b) - mu) / sigma)) for b in (d.low_mpa, d.high_mpa))
        return mu, sigma, low, high

    def _stress(self, u: np.ndarray) -> np.ndarray:
        mu, sigma, low, high = self._drop
        # exactly 0 and 1 would be an infinite stress drop where there are no bounds
        inside = np.clip(low + u * (high - low), 1e-15, 1 - 1e-15)
        return 1e6 * np.exp(mu + sigma * ndtri(inside))

    def _lowest(self, width: np.ndarray, dip: np.ndarray) -> np.ndarray:
        return self.sampling.min_top_km * 1e3 + width / 2 * np.sin(np.deg2rad(dip))

    def of_unit(self, u: np.ndarray) -> dict[str, np.ndarray]:
        """Physical parameters (`physics.source.PARAMETERS`) of coordinates (n, 8) in 0 ... 1."""
        low, high = self.ranges.T
        values = low + u[:, :6] * (high - low)
        out = dict(zip(NAMES[:6], values.T, strict=True)) | {"stress_drop": self._stress(u[:, 6])}
        made = crack(moment(out["mw"]), out["stress_drop"])
        bottom, deepest = (1e3 * x for x in (self.sampling.depth_km.low, self.sampling.depth_km.high))
        lowest = self._lowest(made.width, out["dip"])
        if self.sampling.surface == "push_down":
            depth = np.maximum(bottom + u[:, 7] * (deepest - bottom), lowest)
        else:
            shallowest = np.maximum(bottom, lowest)
            depth = shallowest + u[:, 7] * np.maximum(deepest - shallowest, 0.0)
        return out | {"depth": depth, "length": made.length, "width": made.width, "slip": made.slip}

    def of_normal(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Physical parameters of standard normal coordinates (n, 8)."""
        return self.of_unit(ndtr(z))

    def unit(self, sources: dict[str, np.ndarray]) -> np.ndarray:
        """Coordinates (n, 8) in 0 ... 1 of physical parameters; inverse of `of_unit`.

        A fault that was pushed down has no one coordinate of depth: it gets that of its final depth.
        """
        low, high = self.ranges.T
        values = np.stack([sources[name] for name in NAMES[:6]], axis=-1)
        mu, sigma, cut, end = self._drop
        drop = (ndtr((np.log(sources["stress_drop"] / 1e6) - mu) / sigma) - cut) / (end - cut)
        top, deepest = (1e3 * x for x in (self.sampling.depth_km.low, self.sampling.depth_km.high))
        if self.sampling.surface == "redraw":
            top = np.maximum(top, self._lowest(sources["width"], sources["dip"]))
        depth = (sources["depth"] - top) / (deepest - top)
        return np.column_stack([(values - low) / (high - low), drop, depth])

    def normal(self, sources: dict[str, np.ndarray]) -> np.ndarray:
        """Standard normal coordinates (n, 8) of physical parameters."""
        return np.clip(ndtri(np.clip(self.unit(sources), 0.0, 1.0)), -FARTHEST, FARTHEST)

    def log_weight(self, sources: dict[str, np.ndarray]) -> np.ndarray:
        """Log (n,) of the prior's density over that of independent coordinates; -inf where impossible."""
        if self.sampling.surface == "push_down":
            return np.zeros(len(sources["mw"]))
        room = self._room(self._lowest(sources["width"], sources["dip"]))
        with np.errstate(divide="ignore"):
            return np.log(room) - np.interp(sources["mw"], *self._kept)

    def _room(self, lowest: np.ndarray) -> np.ndarray:
        """Share of the depths at which a fault is kept."""
        top, deepest = (1e3 * x for x in (self.sampling.depth_km.low, self.sampling.depth_km.high))
        return np.maximum(deepest - np.maximum(top, lowest), 0.0) / (deepest - top)

    @cached_property
    def _kept(self) -> tuple[np.ndarray, np.ndarray]:
        """Mw, and log Z: the probability that depth, dip and stress drop give a buried fault."""
        low, high = MECHANISMS[self.sampling.variant][1]
        nodes, weights = np.polynomial.legendre.leggauss(_DIP_NODES)
        dip = (low + high) / 2 + nodes * (high - low) / 2
        stress = self._stress((np.arange(_DROP_NODES) + 0.5) / _DROP_NODES)
        mw = np.linspace(self.sampling.mw.low, self.sampling.mw.high, _MW_NODES)
        width = crack(moment(mw)[:, None], stress).width
        room = self._room(self._lowest(width[:, None, :], dip[:, None])).mean(axis=-1)
        return mw, np.log(room @ (weights / 2))
