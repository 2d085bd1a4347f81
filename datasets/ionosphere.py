"""Electron content at a place and time, between the nodes and epochs of ionosphere maps."""

from typing import Literal

import numpy as np

from slipbench.datasets.readers.ionex import Ionex

#: Degrees that the sun moves westwards in a second.
_SUN = 360 / 86400


def tec_at(
    maps: Ionex,
    time: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
    between: Literal["linear", "rotated"] = "linear",
) -> np.ndarray:
    """Vertical electron content (TECU), bilinear in space, linear between two epochs.

    Parameters
    ----------
    maps : Ionex
        Maps of ascending epochs on an even grid.
    time : ndarray of datetime64
        UTC, within the epochs; broadcasts against `lat` and `lon`.
    lat, lon : ndarray
        Degrees; longitudes in any turn.
    between : str
        ``linear``: both maps are read at the place itself. ``rotated``: each is read where the sun stood at
        its own epoch as it stands over the place at `time` (Schaer, Gurtner and Feltens 1998, formula 3),
        since the content follows the sun.

    Returns
    -------
    ndarray
        NaN where a node that is needed has no value.

    Raises
    ------
    ValueError
        For a time outside the epochs or a latitude outside the grid.
    """
    time, lat, lon = np.broadcast_arrays(np.asarray(time, "datetime64[s]"), lat, lon)
    seconds = (time - maps.time[0]).astype(np.float64)
    epochs = (maps.time - maps.time[0]).astype(np.float64)
    if ((seconds < 0) | (seconds > epochs[-1])).any():
        raise ValueError(f"a time outside {maps.time[0]} ... {maps.time[-1]}")
    before = np.clip(np.searchsorted(epochs, seconds, side="right") - 1, 0, max(len(epochs) - 2, 0))
    after = np.minimum(before + 1, len(epochs) - 1)
    span = epochs[after] - epochs[before]
    share = np.where(span > 0, (seconds - epochs[before]) / np.where(span > 0, span, 1), 0.0)
    sun = _SUN if between == "rotated" else 0.0
    value = np.zeros(np.shape(seconds))
    for number, weight in ((before, 1 - share), (after, share)):
        part = _in_map(maps, number, lat, lon + sun * (seconds - epochs[number]))
        value += np.where(weight == 0, 0.0, weight * part)  # a map of weight 0 does not pass its gaps on
    return value


def _in_map(maps: Ionex, number: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Bilinear value in the maps of these numbers."""
    rows, columns = maps.tec.shape[1:]
    down = (lat - maps.lat[0]) / (maps.lat[1] - maps.lat[0])
    if ((down < -1e-9) | (down > rows - 1 + 1e-9)).any():
        raise ValueError(f"a latitude outside {maps.lat.min():g} ... {maps.lat.max():g}")
    step = maps.lon[1] - maps.lon[0]
    turn = round(360 / abs(step))
    along = np.mod((lon - maps.lon[0]) / step, turn)
    i = np.clip(np.floor(down).astype(int), 0, rows - 2)
    j = np.floor(along).astype(int) % turn
    if columns < turn and (j >= columns - 1).any():
        raise ValueError(f"a longitude outside {maps.lon.min():g} ... {maps.lon.max():g}")
    v, u = down - i, along - np.floor(along)
    value = np.zeros(np.shape(lat))
    for di, wv in ((0, 1 - v), (1, v)):
        for dj, wu in ((0, 1 - u), (1, u)):
            weight = wv * wu
            node = maps.tec[number, i + di, (j + dj) % turn if columns >= turn else j + dj]
            value = value + np.where(np.abs(weight) < 1e-12, 0.0, weight * node)
    return value
