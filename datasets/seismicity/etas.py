"""A made earthquake catalogue: epidemic-type aftershock sequences (Ogata 1988, 1998), simulated by branching.

Background events are a Poisson process around a trench-like line; every event of magnitude M has a Poisson
number of direct aftershocks with mean ``productivity * 10**(alpha (M - mc))``, at delays drawn from the
Omori-Utsu law and at distances drawn from a power law. Magnitudes follow a truncated Gutenberg-Richter law.
Nothing else (no tide, season or deformation) changes the rate.
"""

from dataclasses import dataclass, field

import numpy as np

from slipbench.datasets.seismicity.catalogue import Catalogue

KM_PER_DEGREE = 111.19492664455873  # 6371 km * pi / 180

#: Off Kyushu, Shikoku, Honshu and Hokkaido: (latitude, longitude) of the background's axis.
TRENCH = (
    (30.0, 131.8), (32.0, 133.0), (33.2, 136.0), (34.0, 138.8), (35.0, 141.3),
    (37.0, 142.5), (39.0, 143.2), (41.0, 143.6), (42.5, 145.0),
)  # fmt: skip


@dataclass(frozen=True)
class Etas:
    """Parameters of the simulation; times in days, distances in km. The exponents alpha and b must differ.

    Parameters
    ----------
    background_per_day : float
        Background events (M >= mc) a day.
    mc, b, m_max : float
        Smallest magnitude as printed, b-value and largest magnitude.
    step : float
        Rounding step of the printed magnitudes; the law starts half a step below `mc`, so that its first
        bin is full.
    productivity, alpha : float
        Mean number of direct aftershocks of an event at mc, and its growth with magnitude.
    omori_c, omori_p : float
        Omori-Utsu delay law (t + c)^-p, p > 1.
    distance_km, distance_q : float
        Distance law (1 + r^2/d^2)^-q, with d growing as 10^(0.5 (M - mc)) and q > 1.
    spread_km : float
        Standard deviation of background events about the axis.
    axis : tuple of (latitude, longitude)
        Line along which background events are spread evenly between its points.
    """

    background_per_day: float = 1.5
    mc: float = 4.0
    step: float = 0.1
    b: float = 1.0
    m_max: float = 8.2
    productivity: float = 0.16
    alpha: float = 0.8
    omori_c: float = 0.01
    omori_p: float = 1.2
    distance_km: float = 5.0
    distance_q: float = 1.8
    spread_km: float = 60.0
    axis: tuple[tuple[float, float], ...] = field(default=TRENCH)

    @property
    def branching_ratio(self) -> float:
        """Mean number of direct aftershocks of one event; the process dies out only below 1."""
        beta, gamma = self.b * np.log(10), self.alpha * np.log(10)
        span = self.m_max - self._smallest
        mean = beta * -np.expm1((gamma - beta) * span) / ((beta - gamma) * -np.expm1(-beta * span))
        return float(self.productivity * 10 ** (self.alpha * (self._smallest - self.mc)) * mean)

    @property
    def _smallest(self) -> float:
        return self.mc - self.step / 2

    def magnitudes(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` magnitudes of the truncated Gutenberg-Richter law, continuous."""
        beta = self.b * np.log(10)
        scale = np.expm1(-beta * (self.m_max - self._smallest))
        return self._smallest - np.log1p(rng.random(n) * scale) / beta

    def simulate(self, first_day: int, end_day: int, rng: np.random.Generator) -> Catalogue:
        """All events with ``first_day <= time < end_day`` (days since 1970-01-01 UTC), sorted by time.

        Magnitudes are rounded as catalogues print them. Start the period well before
        the days that matter: aftershocks of events before `first_day` are missing.

        Raises
        ------
        ValueError
            When the branching ratio is 1 or more.
        """
        if not self.branching_ratio < 1:
            raise ValueError(f"branching ratio {self.branching_ratio:.2f}: the catalogue would not end")
        n = int(rng.poisson(self.background_per_day * (end_day - first_day)))
        time = rng.uniform(first_day, end_day, n)
        axis = np.asarray(self.axis)
        along = rng.uniform(0, len(axis) - 1, n)
        knots = np.arange(len(axis))
        offset = rng.normal(0, self.spread_km / KM_PER_DEGREE, (2, n))
        lat = np.interp(along, knots, axis[:, 0]) + offset[0]
        lon = np.interp(along, knots, axis[:, 1]) + offset[1] / np.cos(np.deg2rad(lat))
        generation = (time, lat, lon, self.magnitudes(n, rng))
        generations = [generation]
        while len(generation[0]):
            generation = self._aftershocks(*generation, end_day, rng)
            generations.append(generation)
        t, lat, lon, m = (np.concatenate(parts) for parts in zip(*generations, strict=True))
        order = np.argsort(t, kind="stable")
        return Catalogue(
            t[order], lon[order], lat[order], np.round(np.rint(m[order] / self.step) * self.step, 6)
        )

    def _aftershocks(
        self,
        time: np.ndarray,
        lat: np.ndarray,
        lon: np.ndarray,
        magnitude: np.ndarray,
        end_day: int,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Direct aftershocks of one generation that fall before `end_day`."""
        children = rng.poisson(self.productivity * 10 ** (self.alpha * (magnitude - self.mc)))
        parent = np.repeat(np.arange(len(time)), children)
        n = len(parent)
        # Both laws are drawn by inverting their distribution function.
        delay = self.omori_c * (rng.random(n) ** (-1 / (self.omori_p - 1)) - 1)
        scale = self.distance_km * 10 ** (0.5 * (magnitude[parent] - self.mc))
        distance = scale * np.sqrt(rng.random(n) ** (-1 / (self.distance_q - 1)) - 1) / KM_PER_DEGREE
        azimuth = rng.uniform(0, 2 * np.pi, n)
        m = self.magnitudes(n, rng)
        keep = time[parent] + delay < end_day
        parent, distance, azimuth = parent[keep], np.minimum(distance[keep], 10.0), azimuth[keep]
        new_lat = np.clip(lat[parent] + distance * np.cos(azimuth), -80, 80)
        new_lon = lon[parent] + distance * np.sin(azimuth) / np.cos(np.deg2rad(lat[parent]))
        return time[parent] + delay[keep], new_lat, new_lon, m[keep]
