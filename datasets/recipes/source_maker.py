"""Samples of the S1 dataset, one shard at a time: sources, Okada, noise, later motion, gaps, gridding."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.physics.okada import Sources, displacement
from slipbench.datasets.physics.post_seismic import log_growth
from slipbench.datasets.physics.projection import project, to_station_frame
from slipbench.datasets.physics.source import PARAMETERS, Sampling, sample
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_gaps import Gaps, Presence, draw_presence
from slipbench.datasets.recipes.source_options import EVENT_DAY, FRAMES, IMAGE_DAYS, WINDOW_DAYS
from slipbench.datasets.recipes.source_post_seismic import PostSeismic, Relaxation, draw_relaxation
from slipbench.datasets.recipes.source_streams import GAPS, POST_SEISMIC, stream
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
class Views:
    """What networks read of positions on some days.

    Parameters
    ----------
    days : tuple of int
        Days of the window that the positions are of.
    representations : tuple of str
        Arrays to make.
    gridder : SplineGridder
        Fitted on the network.
    """

    days: tuple[int, ...]
    representations: tuple[str, ...]
    gridder: SplineGridder

    def __call__(self, position: np.ndarray) -> dict[str, np.ndarray]:
        """The representations of positions (n, day, station, component), NaN where missing."""
        out = {}
        at = {day: k for k, day in enumerate(self.days)}
        if "img" in self.representations:
            before, after = (position[:, at[day]] for day in IMAGE_DAYS)
            out["img"] = self._grid(after - before)
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


@dataclass(frozen=True)
class Events:
    """What moves the stations in some rows, and where there are data.

    Parameters
    ----------
    offset : ndarray, shape (n, m, c)
        Static displacement, mm.
    relaxation : Relaxation or None
        Motion after it.
    presence : Presence or None
        Missing stations and days.
    """

    offset: np.ndarray
    relaxation: Relaxation | None
    presence: Presence | None

    def take(self, rows: np.ndarray) -> "Events":
        """Some of the rows."""
        r, p = self.relaxation, self.presence
        return Events(
            self.offset[rows],
            r and Relaxation(r.tau[rows], r.ratio[rows]),
            p and Presence(p.station[rows], p.day[rows], p.counts),
        )


@dataclass(frozen=True)
class SourceMaker:
    """Makes whole shards; picklable.

    Parameters
    ----------
    sampling : Sampling
        Source ranges and policies.
    stations : Stations
        The network.
    noise : Noise or None
        Noise on `days`; None where no array needs it.
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
    seed : int
        Root of the streams of the variants: with or without them, a shard's own stream gives the same
        sources and noise.
    post_seismic : PostSeismic or None
        Motion after the step.
    gaps : Gaps or None
        Missing stations and days.
    """

    sampling: Sampling
    stations: Stations
    noise: Noise | None
    days: tuple[int, ...]
    gridder: SplineGridder
    representations: tuple[str, ...]
    split: np.ndarray
    poisson: float
    n_components: int
    seed: int
    post_seismic: PostSeismic | None
    gaps: Gaps | None

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the rows of one shard from its own random stream."""
        arrays, counts, events = self.events(shard, rows, rng)
        return Shard(arrays | self.observed(events, rng), counts)

    def events(
        self, shard: int, rows: range, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, int], Events]:
        """What happens in the rows of a shard: arrays that say so, counts of policies, and the events."""
        n = len(rows)
        parameters, counts = sample(n, rng, self.sampling)
        offset = offsets(parameters, self.stations, self.poisson)[..., : self.n_components]
        events = Events(offset, self._relaxation(shard, n), self._presence(shard, n))
        arrays = {
            "target": np.stack([parameters[k] for k in ("latitude", "longitude", "mw")], axis=-1),
            "source": np.stack([parameters[name] for name, _ in PARAMETERS], axis=-1),
            "split": self.split[rows.start : rows.stop],
        }
        if events.relaxation:
            arrays |= {"tau": events.relaxation.tau, "post_ratio": events.relaxation.ratio}
        if events.presence:
            arrays["present"] = events.presence.station.astype(np.uint8)
            counts |= events.presence.counts
        return arrays, counts, events

    def observed(self, events: Events, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """The representations of events: their motion with noise from `rng`, where there are data."""
        out, offset, presence = {}, events.offset, events.presence
        if "offset" in self.representations:
            kept = np.where(presence.station[..., None], offset, np.nan) if presence else offset
            out["offset"] = kept.astype(np.float32)
        if self.noise is not None:
            position = self.noise.draw(len(offset), rng)
            self._move(position, offset, events.relaxation)
            if presence:
                np.copyto(position, np.nan, where=~presence.on(self.days)[..., None])
            out |= Views(self.days, self.representations, self.gridder)(position)
        return out

    def _relaxation(self, shard: int, n: int) -> Relaxation | None:
        if not self.post_seismic:
            return None
        rng = stream(self.seed, shard, POST_SEISMIC)
        return draw_relaxation(n, len(self.stations), self.n_components, rng, self.post_seismic)

    def _presence(self, shard: int, n: int) -> Presence | None:
        if not self.gaps:
            return None
        rng = stream(self.seed, shard, GAPS)
        return draw_presence(n, len(self.stations), WINDOW_DAYS, IMAGE_DAYS, rng, self.gaps)

    def _move(self, position: np.ndarray, offset: np.ndarray, relaxation: Relaxation | None) -> None:
        """Add the step, and the motion after it, to positions (n, day, station, component)."""
        first = int(np.searchsorted(self.days, EVENT_DAY))
        after = position[:, first:]
        after += offset[:, None]
        if relaxation:
            growth = log_growth(np.array(self.days[first:]) - EVENT_DAY, relaxation.tau[:, None])
            after += growth[..., None, None] * relaxation.amplitude(offset)[:, None]
