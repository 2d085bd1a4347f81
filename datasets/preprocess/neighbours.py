"""Stations that disagree with their neighbours."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.preprocess.hampel import nan_median

_SIGMA_PER_MAD = 1.4826


class NeighbourRule(Options):
    """A station is an outlier when it lies too far from the median of the stations around it."""

    neighbours: int = Field(8, ge=3, description="nearest stations with data that a station is held against")
    threshold: float = Field(
        8.0, gt=0, description="allowed distance from their median, in 1.4826 MAD of the neighbours"
    )
    floor_mm: float = Field(30.0, ge=0, description="distance that is always allowed, east and north, mm")
    rough_floor_mm: float = Field(
        150.0, ge=0, description="the same for the noisier quantities, up and the peak displacement, mm"
    )


def neighbour_outliers(
    lat: np.ndarray, lon: np.ndarray, values: np.ndarray, rule: NeighbourRule, rough: Sequence[bool]
) -> tuple[np.ndarray, np.ndarray]:
    """Hold every station against the median of its nearest neighbours, quantity by quantity.

    The spatial form of Hampel's (1974) rule. A median of eight is not moved by three bad neighbours, and a
    gradient across them widens their MAD, so the coast nearest to an earthquake is not taken for an error.

    Parameters
    ----------
    lat, lon : ndarray, shape (m,)
        Degrees.
    values : ndarray, shape (m, k)
        Quantities in mm; NaN where a station has none.
    rule : NeighbourRule
        Neighbours and limits.
    rough : sequence of bool, length k
        Which quantities have the wider floor.

    Returns
    -------
    outlier : ndarray of bool, shape (m, k)
        False where a station has no value, or there are fewer than three others.
    expected : ndarray, shape (m, k)
        Median of the neighbours; NaN where there are fewer than three.
    """
    here = np.flatnonzero(np.isfinite(values).all(axis=1))
    outlier, expected = np.zeros(values.shape, bool), np.full(values.shape, np.nan)
    if len(here) < 4:
        return outlier, expected
    y, x = lat[here], lon[here]
    away = ground_distance(y[:, None], x[:, None], y, x)
    np.fill_diagonal(away, np.inf)
    near = np.argsort(away, axis=1, kind="stable")[:, : min(rule.neighbours, len(here) - 1)]
    around = values[here][near].transpose(0, 2, 1)
    middle = nan_median(around)
    spread = _SIGMA_PER_MAD * nan_median(np.abs(around - middle[..., None]))
    limit = np.maximum(rule.threshold * spread, np.where(rough, rule.rough_floor_mm, rule.floor_mm))
    outlier[here] = np.abs(values[here] - middle) > limit
    expected[here] = middle
    return outlier, expected
