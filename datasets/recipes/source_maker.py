"""Samples of the S1 dataset, one shard at a time: sources, Okada, noise, gridding."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.noise.parametric import ParametricSampler
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.physics.okada import Sources, displacement
from slipbench.datasets.physics.projection import project, to_station_frame
from slipbench.datasets.physics.source import PARAMETERS, Sampling, sample
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_options import EVENT_DAY, FRAMES
from slipbench.datasets.store.plan import Shard


class Noise(Protocol):
    """Noise on some days: `draw` gives (n, day, station, component) in mm."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw `n` windows."""


@dataclass(frozen=True)
class SurrogateDays:
    """Surrogates of which some days are wanted; channels are (station, component)."""

    noise: SurrogateNoise
    days: tuple[int, ...]
    n_components: int

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` windows in mm, shape (n, day, station, component)."""
        flat = self.noise.draw(n, rng, self.days)
        return flat.reshape(n, len(self.days), -1, self.n_components)


def offsets(parameters: dict[str, np.ndarray], stations: Stations, poisson: float) -> np.ndarray:
    """Static displacement (n, m, 3) in mm at the stations, in each station's own east, north, up."""
    east, north, turn = project(parameters["latitude"], parameters["longitude"], stations.lat, stations.lon)
    zero = np.zeros(len(east))
    sources = Sources(
        zero,
        zero,
        opening=zero,
        **{name: parameters[name] for name in ("depth", "strike", "dip", "rake", "length", "width", "slip")},
    )
    return 1e3 * to_station_frame(displacement(sources, east, north, poisson), turn)


@dataclass(frozen=True)
class SourceMaker:
    """Makes whole shards; picklable.

    Parameters
    ----------
    sampling : Sampling
        Source ranges and policies.
    stations : Stations
        The network.
    noise : ParametricSampler or SurrogateDays
        Noise on `days`.
    days : tuple of int
        Days of the window that are worked out, ascending.
    gridder : SplineGridder
        Fitted on the network.
    representations : tuple of str
        Arrays to make.
    split : ndarray of uint8
        Split of every row of the store.
    poisson : float
        Poisson ratio.
    n_components : int
        Leading components of east, north, up to keep.
    """

    sampling: Sampling
    stations: Stations
    noise: ParametricSampler | SurrogateDays | None
    days: tuple[int, ...]
    gridder: SplineGridder
    representations: tuple[str, ...]
    split: np.ndarray
    poisson: float
    n_components: int

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the rows of one shard from its own random stream."""
        n = len(rows)
        parameters, counts = sample(n, rng, self.sampling)
        offset = offsets(parameters, self.stations, self.poisson)[..., : self.n_components]
        arrays = {
            "target": np.stack([parameters[k] for k in ("latitude", "longitude", "mw")], axis=-1),
            "source": np.stack([parameters[name] for name, _ in PARAMETERS], axis=-1),
            "split": self.split[rows.start : rows.stop],
        }
        if "offset" in self.representations:
            arrays["offset"] = offset.astype(np.float32)
        if self.noise is not None:
            position = self.noise.draw(n, rng)
            after = np.array(self.days) >= EVENT_DAY
            position[:, after] += offset[:, None]
            arrays |= self._views(position)
        return Shard(arrays, counts)

    def _views(self, position: np.ndarray) -> dict[str, np.ndarray]:
        """The representations of positions (n, day, station, component)."""
        out = {}
        at = {day: k for k, day in enumerate(self.days)}
        if "img" in self.representations:
            change = position[:, at[EVENT_DAY + 1]] - position[:, at[EVENT_DAY - 1]]
            out["img"] = self._grid(change)
        if "its" in self.representations:
            half = FRAMES // 2
            frames = [at[day] for day in range(EVENT_DAY - half, EVENT_DAY + half + 1)]
            out["its"] = self._grid(position[:, frames])
        if "ts" in self.representations:
            out["ts"] = position.transpose(0, 2, 1, 3).astype(np.float32)
        return out

    def _grid(self, values: np.ndarray) -> np.ndarray:
        """Images (..., row, column, component) of station values (..., station, component)."""
        images = self.gridder.transform(np.moveaxis(values, -1, -2))
        return np.moveaxis(images, -3, -1).astype(np.float32)
