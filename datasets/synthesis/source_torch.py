"""Samples of the S1 dataset made on a device from what a store keeps of them: sources, variants, row numbers.

The same steps as `source_maker`, in torch. Noise belongs to a row: it follows from the store's seed, the row
number and the number of the draw, whatever the batch, its order and the device.
"""

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.gridding.spline_torch import SplineTorch
from slipbench.datasets.noise.device_noise import DeviceNoise
from slipbench.datasets.noise.parametric import parametric_sampler
from slipbench.datasets.noise.parametric_torch import ParametricTorch
from slipbench.datasets.noise.philox_torch import stream_key
from slipbench.datasets.noise.surrogate_torch import SurrogateTorch
from slipbench.datasets.physics import okada, okada_torch
from slipbench.datasets.physics.okada_sources import Sources
from slipbench.datasets.physics.projection import project, to_station_frame
from slipbench.datasets.physics.source import PARAMETERS, sample
from slipbench.datasets.recipes.source_gaps import draw_presence
from slipbench.datasets.recipes.source_options import (
    COMPONENTS,
    EVENT_DAY,
    FRAMES,
    IMAGE_DAYS,
    WINDOW_DAYS,
    SourceSyntheticOptions,
)
from slipbench.datasets.recipes.source_post_seismic import draw_relaxation
from slipbench.datasets.recipes.source_streams import FRESH, NOISE, stream
from slipbench.datasets.recipes.source_virtual import SPECTRA
from slipbench.datasets.store.reader import Store

#: Most bytes that a CPU makes at once: what stays in its cache need not come back from memory.
_CPU_BYTES = 4 << 20

#: Rows of one stream of fresh sources.
_FRESH_ROWS = 4096
_COLUMN = {name: k for k, (name, _) in enumerate(PARAMETERS)}
_GEOMETRY = ("depth", "strike", "dip", "rake", "length", "width", "slip")

_FRAME_DAYS = tuple(range(EVENT_DAY - FRAMES // 2, EVENT_DAY + FRAMES // 2 + 1))
#: All days, those of the image first, then those of the image series: each view needs the leading ones only.
DAY_ORDER = (
    *IMAGE_DAYS,
    *(day for day in _FRAME_DAYS if day not in IMAGE_DAYS),
    *(day for day in range(WINDOW_DAYS) if day not in _FRAME_DAYS),
)


def _weights(array: str) -> np.ndarray:
    """What a view makes of the leading days, shape (outputs, days)."""
    if array == "img":
        return np.array([[-1.0, 1.0]])
    days = _FRAME_DAYS if array == "its" else tuple(range(WINDOW_DAYS))
    return (np.array(days)[:, None] == np.array(DAY_ORDER[: len(days)])).astype(np.float64)


class SourceSynthesiser(nn.Module):
    """Makes any representation of rows of a store.

    Parameters
    ----------
    options : SourceSyntheticOptions
        Of the store.
    lat, lon : ndarray, shape (m,)
        Stations, degrees.
    land : ndarray of bool, shape (rows, columns)
        Nodes of the grid that are land.
    spectra : ndarray or None, shape (w, 2, f, m, c)
        What surrogate noise is made of (`SurrogateNoise.spectra`); None with parametric noise.
    dtype : torch.dtype
        Of the work and the result. Places and offsets are worked out in float64 in any case: far from a
        small fault float32 loses them (`okada_torch`).
    """

    lat: Tensor
    lon: Tensor
    day: Tensor
    noise: DeviceNoise

    def __init__(
        self,
        options: SourceSyntheticOptions,
        lat: np.ndarray,
        lon: np.ndarray,
        land: np.ndarray,
        spectra: np.ndarray | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.options, self.dtype = options, dtype
        self.register_buffer("lat", torch.from_numpy(lat.copy()), persistent=False)
        self.register_buffer("lon", torch.from_numpy(lon.copy()), persistent=False)
        key = stream_key(options.seed, 0, NOISE)
        if spectra is None:  # parametric, or not needed
            sampler = parametric_sampler(lat, lon, WINDOW_DAYS, DAY_ORDER, COMPONENTS, options.parametric)
            self.noise = ParametricTorch(sampler, key, dtype)
        else:
            self.noise = SurrogateTorch(spectra, DAY_ORDER, WINDOW_DAYS, key, dtype)
        self.grid = SplineTorch(
            SplineGridder(options.grid).fit(lat, lon, land), dtype, gaps=options.gaps is not None
        )
        for array in ("img", "its", "ts"):
            self.register_buffer(f"weights_{array}", torch.from_numpy(_weights(array)), persistent=False)
        self.register_buffer("day", torch.tensor(DAY_ORDER), persistent=False)

    @classmethod
    def from_store(cls, store: Store, dtype: torch.dtype = torch.float32) -> "SourceSynthesiser":
        """What makes the samples of `store`, from the store alone."""
        options = SourceSyntheticOptions.model_validate(store.attrs["options"])
        lat, lon, land = (store.read(name) for name in ("station_lat", "station_lon", "land"))
        spectra = store.read(SPECTRA) if SPECTRA in store.names else None
        return cls(options, lat, lon, land.astype(bool), spectra, dtype)

    @property
    def reads(self) -> tuple[str, ...]:
        """Row arrays of the store that the samples are made from."""
        more = ("tau", "post_ratio") if self.options.post_seismic else ()
        return ("source", *more, *(("present",) if self.options.gaps else ()))

    def fresh(self, n: int, draw: int) -> dict[str, np.ndarray]:
        """New sources (and gaps, and later motion) for `n` rows, see `Synthesiser.fresh`."""
        parts = []
        for first in range(0, n, _FRESH_ROWS):
            few = min(_FRESH_ROWS, n - first)
            rng = stream(self.options.seed, first // _FRESH_ROWS, FRESH, draw)
            parts.append(self._fresh(few, rng))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _fresh(self, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        o = self.options
        drawn, _ = sample(n, rng, o.sampling)
        out = {
            "target": np.stack([drawn[name] for name in ("latitude", "longitude", "mw")], axis=-1),
            "source": np.stack([drawn[name] for name, _ in PARAMETERS], axis=-1),
        }
        if o.post_seismic:
            later = draw_relaxation(n, len(self.lat), len(COMPONENTS), rng, o.post_seismic)
            out |= {"tau": later.tau, "post_ratio": later.ratio}
        if o.gaps:
            there = draw_presence(n, len(self.lat), WINDOW_DAYS, IMAGE_DAYS, rng, o.gaps)
            out["present"] = there.station.astype(np.uint8)
        return out

    @torch.no_grad()
    def forward(self, array: str, rows: Tensor, inputs: Mapping[str, Tensor], draw: int = 0) -> Tensor:
        """One representation of some rows, as the stored form has it (mm, same axes).

        Parameters
        ----------
        array : str
            ``img``, ``its``, ``ts`` or ``offset``.
        rows : Tensor of int64, shape (n,)
            Row numbers in the store, on the device of this module.
        inputs : mapping of Tensor
            The same rows of every array of `reads`, on the same device.
        draw : int
            0: the rows' own noise; others: further independent noise.
        """
        inputs = {**inputs, "offset": self.offsets(inputs["source"])}
        if array == "offset":
            return self._kept(inputs["offset"], inputs).mT.contiguous()
        out = torch.empty(len(rows), *self.shape(array), dtype=self.dtype, device=rows.device)
        step = len(out)
        if out.device.type == "cpu" and step:
            step = max(_CPU_BYTES // (out[0].numel() * out.element_size()), 1)
        for i in range(0, len(out), step or 1):
            part = slice(i, i + step)
            out[part] = self._view(array, rows[part], draw, {k: v[part] for k, v in inputs.items()})
        return out

    def shape(self, array: str) -> tuple[int, ...]:
        """Shape of one row of a representation."""
        m, c, g = len(self.lat), len(COMPONENTS), self.options.grid
        return {
            "img": (g.rows, g.columns, c),
            "its": (FRAMES, g.rows, g.columns, c),
            "ts": (m, WINDOW_DAYS, c),
            "offset": (m, c),
        }[array]

    def _view(self, array: str, rows: Tensor, draw: int, inputs: Mapping[str, Tensor]) -> Tensor:
        """A representation of a few rows, of their inputs and offsets (n, c, m)."""
        weights = getattr(self, f"weights_{array}")
        made = self._kept(self.noise.draw(rows, weights, draw) + self._motion(weights, inputs), inputs)
        if array == "ts":
            return made.permute(0, 3, 1, 2)
        images = self.grid.images(made)
        return images[:, 0] if array == "img" else images

    def _kept(self, values: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """Values (n, ..., m) with NaN at the stations that a row lacks."""
        if not self.options.gaps:
            return values
        lacks = inputs["present"] == 0
        return values.masked_fill(lacks.view(len(lacks), *(1,) * (values.ndim - 2), -1), torch.nan)

    def offsets(self, source: Tensor) -> Tensor:
        """Static displacement (n, c, m), mm, in each station's own east and north, of rows of ``source``."""
        east, north, turn = project(
            source[:, _COLUMN["latitude"]], source[:, _COLUMN["longitude"]], self.lat, self.lon
        )
        fault = {name: source[:, _COLUMN[name]] for name in _GEOMETRY}
        zero = torch.zeros_like(source[:, 0])
        moved = _displacement(
            {"east": zero, "north": zero, "opening": zero, **fault}, east, north, self.options.poisson
        )
        return (1e3 * to_station_frame(moved, turn)[..., : len(COMPONENTS)].mT).to(self.dtype)

    def _motion(self, weights: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """The same combinations of days of the ground's own motion, shape (n, o, c, m)."""
        offset = inputs["offset"]
        since = self.day[: weights.shape[1]] - EVENT_DAY
        step = weights @ (since >= 0).to(weights)
        motion = step.to(self.dtype)[:, None, None] * offset[:, None]
        if self.options.post_seismic:
            growth = torch.log10(1 + since.clamp(min=0) / inputs["tau"][:, None]) @ weights.T
            ratio = inputs["post_ratio"].to(self.dtype)
            shared = (1,) * (3 - ratio.ndim)
            amplitude = offset * ratio.reshape(*ratio.shape, *shared).mT
            motion = motion + growth.to(self.dtype)[..., None, None] * amplitude[:, None]
        return motion


def _displacement(fault: Mapping[str, Tensor], east: Tensor, north: Tensor, poisson: float) -> Tensor:
    """Okada's displacement (n, m, 3), metres, by the fastest code of the device."""
    if east.device.type != "cpu" or okada.kernel() == "numpy":
        return okada_torch.displacement(SimpleNamespace(**fault), east, north, poisson)
    sources = Sources(**{name: value.numpy() for name, value in fault.items()})
    return torch.from_numpy(okada.displacement(sources, east.numpy(), north.numpy(), poisson))
