"""Noise as anyone can know it: fitted to the days before the events of the training rows."""

import numpy as np

from slipbench.benchmarks.limits.noise import ParametricModel
from slipbench.datasets.noise.fit import fit_noise
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.readers.residuals import Residuals
from slipbench.datasets.store.reader import Store

#: Least share of its days that a station has in a window that is fitted to.
_COVERAGE = 0.6
_YEAR_DAYS = 365.25


def fitted_noise(store: Store, rows: np.ndarray) -> ParametricNoise:
    """White noise, flicker, random walk and correlation, by `noise.fit.fit_noise`.

    Nothing is asked of how the store was made. Windows end the day before the event, and their level is
    taken as unknown.

    Parameters
    ----------
    store : Store
        With the array ``ts``.
    rows : ndarray of int, shape (n,)
        Ascending rows, each of which gives one window.

    Raises
    ------
    InputError
        When too few rows or stations have data.
    """
    before = int(store.attrs["event_day"])
    quiet = store.read("ts", rows)[:, :, :before].astype(np.float32)
    n, m, d, c = quiet.shape
    values = np.empty((m, 3, n * d), np.float32)
    values[:, :c] = quiet.transpose(1, 3, 0, 2).reshape(m, c, n * d)
    values[:, c:] = values[:, c - 1 : c]  # the fit has three components; what it says of up is not used
    residuals = Residuals(
        values,
        2000 + (np.arange(n * d) + 0.5) / _YEAR_DAYS,
        tuple(str(k) for k in range(m)),
        store.read("station_lat"),
        store.read("station_lon"),
    )
    return fit_noise(residuals, n_days=d, coverage=_COVERAGE).options


def model_of(store: Store, noise: ParametricNoise) -> ParametricModel:
    """That noise at the stations of a store."""
    days = int(store.attrs["window_days"])
    return ParametricModel(store.read("station_lat"), store.read("station_lon"), days, noise)
