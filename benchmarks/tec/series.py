"""Electron content at the sites of a store of made maps, read between the maps."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipbench.datasets.ionosphere import tec_at
from slipbench.datasets.recipes.tec_simulated import maps_of
from slipbench.datasets.store.reader import Store

Between = Literal["linear", "rotated"]


@dataclass(frozen=True)
class SiteSeries:
    """Series of even steps.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Days since 1970-01-01 UTC.
    per_day : int
        Steps a day; n is a multiple of it.
    tec : ndarray, shape (sites, n)
        TECU; NaN after the last map.
    """

    time: np.ndarray
    per_day: int
    tec: np.ndarray

    @property
    def day(self) -> np.ndarray:
        """Days since 1970-01-01 of the series, each once."""
        return np.floor(self.time[:: self.per_day] + 1e-9)

    def by_day(self, values: np.ndarray) -> np.ndarray:
        """Values (..., n) as (..., days, per_day)."""
        return values.reshape(*values.shape[:-1], -1, self.per_day)


def site_series(store: Store, between: Between, offset_hours: float) -> SiteSeries:
    """Content at every site, `offset_hours` after every map."""
    maps = maps_of(store)
    when = maps.time + np.timedelta64(round(3600 * offset_hours), "s")
    known = when <= maps.time[-1]
    lat, lon = store.read("site_lat"), store.read("site_lon")
    tec = np.full((len(lat), len(when)), np.nan)
    tec[:, known] = tec_at(maps, when[known], lat[:, None], lon[:, None], between)
    return SiteSeries(when.astype(np.float64) / 86400, int(store.attrs["maps_per_day"]), tec)
