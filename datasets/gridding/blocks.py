"""Block reduction: one value and one position per occupied block of a regular mesh."""

from dataclasses import dataclass
from typing import Literal

import numpy as np


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
        taken = values[..., np.maximum(self.members, 0)]
        gone = (self.members < 0) | np.isnan(taken)
        count = (~gone).sum(axis=-1)
        if how == "mean":
            with np.errstate(invalid="ignore"):
                return np.where(gone, 0.0, taken).sum(axis=-1) / count
        ordered = np.sort(np.where(gone, np.inf, taken), axis=-1)
        middle = np.stack([(np.maximum(count, 1) - 1) // 2, count // 2], axis=-1)
        low, high = np.moveaxis(np.take_along_axis(ordered, middle, axis=-1), -1, 0)
        return np.where(count > 0, (low + high) / 2, np.nan)


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
