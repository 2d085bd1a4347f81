"""Block reduction: one value and one position per occupied block of a regular mesh."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

_CHUNK = 128  # fields at once, so that they stay in the cache
_SHORT = 12


@dataclass(frozen=True)
class Blocks:
    """Which stations share a block.

    Parameters
    ----------
    members : ndarray of int, shape (b, k)
        Station numbers of each block, -1 beyond the block's count.
    count : ndarray of int, shape (b,)
        Stations in each block.
    lon, lat : ndarray, shape (b,)
        Position that stands for the block: median (or mean) longitude and latitude of its stations.
    """

    members: np.ndarray
    count: np.ndarray
    lon: np.ndarray
    lat: np.ndarray

    def reduce(self, values: np.ndarray, how: Literal["median", "mean"]) -> np.ndarray:
        """Median or mean of each block, shape (..., b), of station values, shape (..., m).

        Missing values (NaN) are left out; a block without any value is NaN.
        """
        flat = values.reshape(-1, values.shape[-1])
        out = np.empty((len(flat), len(self.count)))
        for start in range(0, len(flat), _CHUNK):
            some = flat[start : start + _CHUNK]
            complete = how == "median" and not np.isnan(some).any()
            out[start : start + _CHUNK] = self._medians(some) if complete else self._of_some(some, how)
        return out.reshape(*values.shape[:-1], len(self.count))

    def _of_some(self, values: np.ndarray, how: Literal["median", "mean"]) -> np.ndarray:
        """Medians or means (n, b) of values (n, m) that may be missing."""
        taken = values[..., np.maximum(self.members, 0)]
        gone = (self.members < 0) | np.isnan(taken)
        count = (~gone).sum(axis=-1)
        if how == "mean":
            with np.errstate(invalid="ignore"):
                return np.where(gone, 0.0, taken).sum(axis=-1) / count
        ordered = np.ascontiguousarray(np.where(gone, np.inf, taken).transpose(2, 1, 0))  # (k, b, n)
        _sort_first_axis(ordered)
        many = count.T[None]
        low = np.take_along_axis(ordered, (np.maximum(many, 1) - 1) // 2, axis=0)[0]
        high = np.take_along_axis(ordered, many // 2, axis=0)[0]
        return np.where(many[0] > 0, (low + high) / 2, np.nan).T

    def _medians(self, values: np.ndarray) -> np.ndarray:
        """Medians (n, b) of complete values (n, m): all fields are sorted side by side."""
        out = np.empty((len(values), len(self.count)))
        by_station = np.ascontiguousarray(values.T)
        for n in np.unique(self.count):
            block = np.flatnonzero(self.count == n)
            taken = by_station[self.members[block, :n].T]
            _sort_first_axis(taken)
            out[:, block] = ((taken[(n - 1) // 2] + taken[n // 2]) / 2).T
        return out


def _sort_first_axis(values: np.ndarray) -> None:
    """Sort in place along the first axis, by exchanges of neighbours where it is short."""
    n = len(values)
    if n > _SHORT:
        values.sort(axis=0)
        return
    for turn in range(n):
        for k in range(turn % 2, n - 1, 2):
            low = np.minimum(values[k], values[k + 1])
            np.maximum(values[k], values[k + 1], out=values[k + 1])
            values[k] = low


def make_blocks(
    lon: np.ndarray,
    lat: np.ndarray,
    origin: tuple[float, float],
    size: float,
    how: Literal["median", "mean"],
) -> Blocks:
    """Sort stations into blocks that are *centred* on the nodes origin + i * size (gridline registration).

    Parameters
    ----------
    lon, lat : ndarray, shape (m,)
        Stations, degrees.
    origin : tuple of float
        Longitude and latitude of a block's centre, degrees.
    size : float
        Width and height of a block, degrees.
    how : str
        How the block's position is formed.
    """
    column = np.floor((lon - origin[0]) / size + 0.5).astype(int)
    row = np.floor((lat - origin[1]) / size + 0.5).astype(int)
    _, block = np.unique(np.stack([row, column]), axis=1, return_inverse=True)
    block = block.reshape(-1)
    count = np.bincount(block)
    order = np.argsort(block, kind="stable")
    place = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
    members = np.full((len(count), count.max(initial=1)), -1)
    members[block[order], place] = order
    bare = Blocks(members, count, np.empty(0), np.empty(0))
    return Blocks(members, count, bare.reduce(lon, how), bare.reduce(lat, how))
