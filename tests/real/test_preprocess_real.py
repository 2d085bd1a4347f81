"""The trajectory model on real daily positions: the step of Tohoku 2011 against the co-seismic file."""

import numpy as np
import pytest

from slipbench.datasets.preprocess.trajectory import fit_trajectory
from slipbench.datasets.preprocess.window import prepare_window
from slipbench.datasets.readers.daily import read_daily

pytestmark = pytest.mark.real
TOHOKU = int(np.datetime64("2011-03-11").astype(int))


def observed(data_dir):
    rows = [line.split() for line in (data_dir / "coseismic/tohoku_co_obs_EN_m.txt").read_text().splitlines()]
    return {r[4]: (float(r[2]) * 1e3, float(r[3]) * 1e3) for r in rows if r[4] != "station"}


def test_tohoku_steps(data_dir):
    series, truth = read_daily(data_dir / "daily/japan18_daily.csv.gz"), observed(data_dir)
    common = [i for i, s in enumerate(series.stations) if s in truth]
    assert len(common) >= 10
    days = np.arange(series.first_day, series.first_day + len(series.enu_mm), dtype=float)
    expected = np.array([truth[series.stations[i]] for i in common])
    found = np.full(expected.shape, np.nan)
    for k, i in enumerate(common):
        values = series.enu_mm[:, i].copy()
        values[int(TOHOKU - series.first_day)] = np.nan  # half of that day lies before the earthquake
        # 9 March 2011 was the foreshock of M 7.3; a fast and a slow logarithm follow the main shock
        fit = fit_trajectory(days, values, (TOHOKU - 2, TOHOKU), (TOHOKU, TOHOKU), (3, 300))
        told = fit.scale[:2] < 10  # where it is more, the station has other steps (north of G073 and J089)
        found[k, told] = fit[f"step {TOHOKU}"][:2][told]
    assert np.isnan(found).sum() <= 2
    for component in (0, 1):
        use = ~np.isnan(found[:, component])
        assert np.corrcoef(found[use, component], expected[use, component])[0, 1] > 0.998
    assert np.nanmedian(np.abs(found - expected)) < 5
    assert np.nanmax(np.abs(found - expected)) < 30


def test_tohoku_window(data_dir):
    series, truth = read_daily(data_dir / "daily/japan18_daily.csv.gz"), observed(data_dir)
    window = prepare_window(series.on_days(TOHOKU - 50, 100), 50)
    assert window.valid
    step = window.enu[51] - window.enu[49]
    common = [i for i, s in enumerate(series.stations) if s in truth and window.usable[i]]
    expected = np.array([truth[series.stations[i]] for i in common])
    assert np.corrcoef(step[common, 0], expected[:, 0])[0, 1] > 0.99
