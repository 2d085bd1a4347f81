"""Made displacement images of a nowcast network: Okada's offsets of random sources, noise and gaps.

They know of the real data nothing but the places of the stations and of the nodes.
"""

import numpy as np
from pydantic import Field

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.local_linear import LocalLinear
from slipbench.datasets.noise.parametric import ParametricNoise, parametric_sampler
from slipbench.datasets.options import Options
from slipbench.datasets.physics.source import Range, Sampling, sample
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_maker import offsets
from slipbench.datasets.store.reader import Store

_POISSON = 0.25


class VirtualImages(Options):
    """Made images of a nowcast network."""

    sampling: Sampling = Field(
        Sampling(variant="all", longitude=Range(low=128.0, high=147.0), latitude=Range(low=30.0, high=46.0)),
        description="random sources",
    )
    noise: ParametricNoise = Field(ParametricNoise(), description="noise of daily positions")
    event_share: float = Field(0.5, ge=0, le=1, description="share of the images with a source")
    missing_share: float = Field(
        0.3, ge=0, lt=1, description="largest share of stations missing; each image draws its own below it"
    )


class NowcastImages:
    """Makes images of the network and grid of a nowcast store.

    Displacement is V(t) = r(t+1) - r(t-1) as in the store, with the whole offset of a source on day t.

    Parameters
    ----------
    store : Store
        Sealed nowcast store. Only ``station_lat``, ``station_lon``, ``node_lat``, ``node_lon`` and the width
        of the gridding's weights are read.
    options : VirtualImages
        Sources, noise and gaps.

    Raises
    ------
    InputError
        When no source would lie in the store's region.
    """

    def __init__(self, store: Store, options: VirtualImages) -> None:
        self.options = options
        region = store.attrs["region"]
        for name, low, high in (("latitude", "south", "north"), ("longitude", "west", "east")):
            wanted = getattr(options.sampling, name)
            if wanted.high < region[low] or wanted.low > region[high]:
                raise InputError(
                    f"virtual.sampling.{name}",
                    f"{wanted.low:g} ... {wanted.high:g}",
                    f"some of the region's {region[low]:g} ... {region[high]:g}",
                    "move the sources to the stations",
                )
        lat, lon = store.read("station_lat"), store.read("station_lon")
        codes = tuple(str(i) for i in range(len(lat)))
        self._stations = Stations(codes, lat, lon, np.zeros(len(lat)))
        gridder = LocalLinear(store.attrs["grid"]["sigma_km"] * 1e3)
        self._gridder = gridder.fit(lat, lon, store.read("node_lat"), store.read("node_lon"))
        self._noise = parametric_sampler(lat, lon, 3, (0, 2), ("east", "north", "up"), options.noise)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` images, shape (n, rows, columns, 3), float32: displacement east, north, up in mm."""
        before, after = self._noise.draw(n, rng).transpose(1, 0, 2, 3)
        moved = after - before
        event = np.flatnonzero(rng.random(n) < self.options.event_share)
        if len(event):
            parameters, _ = sample(len(event), rng, self.options.sampling)
            moved[event] += offsets(parameters, self._stations, _POISSON)
        share = rng.uniform(0, self.options.missing_share, (n, 1))
        missing = rng.random((n, len(self._stations))) < share
        missing[missing.all(axis=1), 0] = False
        moved[missing] = np.nan
        return self._gridder.transform(moved)[0].astype(np.float32)
