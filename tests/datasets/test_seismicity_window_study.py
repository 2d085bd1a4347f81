import numpy as np
import pytest

from slipbench.datasets.seismicity.bvalue import moving_ab
from slipbench.datasets.seismicity.window_study import PUBLISHED, WINDOWS, b_series, steadiness, window_study


@pytest.fixture(scope="module")
def steady_catalogue():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 900, 9000))
    return time, np.round(4.0 + rng.exponential(np.log10(np.e), len(time)), 1)


def test_figures_of_a_known_series():
    rng = np.random.default_rng(1)
    # Differences of noise return to their mean at once: both tests must see that.
    series = 2 + 0.5 * np.diff(rng.standard_normal(2001))
    series[10:20] = np.nan
    got = steadiness(series, 32)
    known = series[np.isfinite(series)]
    assert (got.days, got.days_missing) == (1990, 10)
    assert got.cv == pytest.approx(known.std() / known.mean())
    assert got.mae == pytest.approx(np.mean(np.abs(known[1:] - known[:-1])))
    assert got.adf_p < 1e-6
    assert got.kpss_p == pytest.approx(0.1)  # the end of the table: at least
    assert got.stationary


def test_a_random_walk_is_not_stationary():
    got = steadiness(10 + np.cumsum(np.random.default_rng(2).standard_normal(1500)), 32)
    assert got.adf_p > 0.05
    assert got.kpss_p == pytest.approx(0.01)
    assert not got.stationary


def test_a_trend_is_not_stationary():
    """Both tests ask for a constant level."""
    rng = np.random.default_rng(3)
    assert not steadiness(np.linspace(1, 3, 1500) + 0.1 * rng.standard_normal(1500), 32).stationary


@pytest.mark.parametrize("series", [np.full(200, np.nan), np.ones(200), np.arange(49.0)])
def test_nothing_is_said_of_what_cannot_be_tested(series):
    got = steadiness(series, 64)
    assert np.isnan(got.adf_p)
    assert np.isnan(got.kpss_p)
    assert not got.stationary


def test_longer_windows_of_a_steady_catalogue_are_steadier(steady_catalogue):
    time, m = steady_catalogue
    rows = window_study(time, m, np.arange(256, 900), 4.0)
    assert [r.window_days for r in rows] == list(WINDOWS) == sorted(PUBLISHED)
    assert np.all(np.diff([r.cv for r in rows]) < 0)
    assert np.all(np.diff([r.mae for r in rows]) < 0)
    assert rows[0].days == 644


@pytest.mark.parametrize(("estimator", "b"), [("aki", 1.15), ("utsu", 1.0), ("positive", 1.0)])
def test_estimators(steady_catalogue, estimator, b):
    time, m = steady_catalogue
    m = m[m >= 4.1]  # the lowest bin holds half a step only
    time = time[: len(m)]
    series = b_series(time, m, np.arange(300, 600), 256, 4.1, estimator=estimator)
    assert series.mean() == pytest.approx(b, rel=0.08)
    few = b_series(time, m, np.arange(300, 600), 2, 4.1, estimator=estimator)
    count = moving_ab(time, m, np.arange(300, 600), 2, 4.1).count
    assert np.isnan(few[count < 50]).all()
