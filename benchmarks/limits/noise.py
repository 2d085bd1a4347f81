"""Covariance of a store's own noise, as far as a linear estimate of the offsets needs it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from slipbench.datasets.noise.parametric import (
    ParametricNoise,
    ParametricSampler,
    parametric_sampler,
    space_correlation,
    time_covariance,
)
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.recipes.source_options import COMPONENTS


class NoiseModel(Protocol):
    """Zero-mean noise of daily positions at m stations."""

    def time(self, component: int) -> np.ndarray:
        """Covariance (d, d) in mm^2 between the days of one station's series."""

    def covariance(self, filters: np.ndarray) -> list[np.ndarray]:
        """Covariance, in mm^2, of one number a station and component: its series times its own filter.

        Parameters
        ----------
        filters : ndarray, shape (d, c, m)
            Weight of each day.

        Returns
        -------
        list of ndarray
            One (m, m) for each component where components are independent, else one (c m, c m).
        """

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One window (m, d, c) in mm, by the sampler that stores are made with."""

    def take(self, stations: np.ndarray) -> "NoiseModel":
        """The same noise at some of the stations (indices)."""


@dataclass(frozen=True)
class ParametricModel:
    """Covariance in time times correlation in space, as `noise.parametric` draws it."""

    lat: np.ndarray
    lon: np.ndarray
    n_days: int
    options: ParametricNoise

    @cached_property
    def _time(self) -> list[np.ndarray]:
        o = self.options
        return [time_covariance(getattr(o, name), self.n_days, o.history_days) for name in COMPONENTS]

    @cached_property
    def _space(self) -> np.ndarray:
        return space_correlation(self.lat, self.lon, self.options)

    def time(self, component: int) -> np.ndarray:
        """Of every station alike."""
        return self._time[component]

    def covariance(self, filters: np.ndarray) -> list[np.ndarray]:
        """The covariance is separable, so stations whose filters are alike share one factor."""
        return [
            (w.T @ cov @ w) * self._space for w, cov in zip(filters.swapaxes(0, 1), self._time, strict=True)
        ]

    @cached_property
    def _sampler(self) -> ParametricSampler:
        return parametric_sampler(
            self.lat, self.lon, self.n_days, range(self.n_days), COMPONENTS, self.options
        )

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Gaussian noise."""
        return self._sampler.draw(1, rng)[0].swapaxes(0, 1)

    def take(self, stations: np.ndarray) -> "ParametricModel":
        """The same at some stations."""
        return ParametricModel(self.lat[stations], self.lon[stations], self.n_days, self.options)


@dataclass(frozen=True)
class SurrogateModel:
    """Second moments of phase-randomised surrogates over random windows and phases.

    A surrogate itself is not Gaussian: given its window it has one random phase a frequency. Someone who
    knew the windows could take them off exactly, which says nothing about real noise. The limit is therefore
    that of Gaussian noise with the same second moments.

    Parameters
    ----------
    noise : SurrogateNoise
        Windows of channels (station, component).
    stations : ndarray
        Indices of the stations.
    """

    noise: SurrogateNoise
    stations: np.ndarray

    @cached_property
    def _channels(self) -> np.ndarray:
        c = len(COMPONENTS)
        return (self.stations[None, :] * c + np.arange(c)[:, None]).ravel()

    def _window(self, w: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean (p,) and spectrum (k, p) of a window's channels, component-major."""
        spectrum = np.fft.rfft(self.noise.scores[w], axis=0) @ self.noise.vectors[w][:, self._channels]
        return self.noise.mean[w][self._channels], spectrum

    @cached_property
    def _share(self) -> np.ndarray:
        """Variance (k,) of a series of unit amplitude at each frequency."""
        d = self.noise.n_days
        share = np.full(d // 2 + 1, 2.0 / d**2)
        share[0] = 0.0  # the windows' means are kept apart
        if d % 2 == 0:
            share[-1] = 1.0 / d**2
        return share

    @cached_property
    def _time(self) -> np.ndarray:
        """Covariance (c, d, d), the mean over stations and windows."""
        d, c = self.noise.n_days, len(COMPONENTS)
        power, level = np.zeros((len(self._share), c)), np.zeros(c)
        for w in range(len(self.noise.scores)):
            mean, spectrum = self._window(w)
            level += (mean.reshape(c, -1) ** 2).mean(axis=1)
            power += (np.abs(spectrum.reshape(-1, c, len(self.stations))) ** 2).mean(axis=2)
        phase = 2 * np.pi / d * np.outer(np.arange(len(self._share)), np.arange(d))
        lags = (self._share[:, None] * power / len(self.noise.scores)).T @ np.cos(phase)
        lags += level[:, None] / len(self.noise.scores)
        apart = np.abs(np.arange(d)[:, None] - np.arange(d))
        return lags[:, apart]

    def time(self, component: int) -> np.ndarray:
        """Mean over the stations."""
        return self._time[component]

    def covariance(self, filters: np.ndarray) -> list[np.ndarray]:
        """Exact second moments of the filtered surrogates, components together."""
        d = filters.shape[0]
        flat = filters.reshape(d, -1)
        answer = np.fft.rfft(flat, axis=0).conj()
        total = np.zeros((flat.shape[1],) * 2)
        for w in range(len(self.noise.scores)):
            mean, spectrum = self._window(w)
            turned = np.sqrt(self._share)[:, None] * answer * spectrum
            parts = np.concatenate([turned.real, turned.imag, (flat.sum(axis=0) * mean)[None]])
            total += parts.T @ parts
        return [total / len(self.noise.scores)]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A surrogate of a window chosen at random."""
        every = self.noise.draw(1, rng)[0].reshape(self.noise.n_days, -1, len(COMPONENTS))
        return every[:, self.stations].swapaxes(0, 1)

    def take(self, stations: np.ndarray) -> "SurrogateModel":
        """The same at some stations."""
        return SurrogateModel(self.noise, self.stations[stations])
