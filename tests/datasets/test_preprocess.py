"""Preprocessing of S1 section 4 and the trajectory model, on planted truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.preprocess.hampel import hampel, nan_median
from slipbench.datasets.preprocess.lines import fill_gaps, fit_lines, lines_at, slope_beside_step
from slipbench.datasets.preprocess.robust import fit_robust
from slipbench.datasets.preprocess.trajectory import fit_trajectory
from slipbench.datasets.preprocess.window import prepare_window


def with_gaps(rng, values, fraction):
    out = values.copy()
    out[rng.random(len(out)) < fraction] = np.nan
    return out


@given(seed=st.integers(0, 10**6), width=st.integers(1, 9))
def test_nan_median_is_numpys(seed, width):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(6, width))
    x[rng.random(x.shape) < 0.4] = np.nan
    x[0] = 1.0
    x[1] = np.nan
    expected = [np.median(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.nan for row in x]
    np.testing.assert_allclose(nan_median(x), expected)


def test_hampel_finds_spikes_and_keeps_steps_and_gaps():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (100, 4, 2))
    x[50:] += 500
    x[30, 1, 0] += 80
    x[70, 2, 1] -= 80
    x[60, 3] = np.nan
    filtered, replaced = hampel(x)
    assert replaced[30, 1, 0]
    assert replaced[70, 2, 1]
    assert replaced.mean() < 0.06
    assert np.abs(filtered[30, 1, 0]) < 5
    assert np.isnan(filtered[60, 3]).all()
    assert np.isnan(filtered).sum() == 2
    np.testing.assert_array_equal(filtered[~replaced & ~np.isnan(x)], x[~replaced & ~np.isnan(x)])
    assert (filtered[50:][~np.isnan(filtered[50:])] > 400).all()
    assert (filtered[:50] < 100).all()


def test_hampel_by_hand():
    x = np.array([0.0, 1, 0, 40, 1, 0, 1])
    filtered, replaced = hampel(x)
    assert list(np.flatnonzero(replaced)) == [3]
    assert filtered[3] == 1.0  # median of 0 1 0 40 1 0 1


def test_lines_are_polyfits():
    rng = np.random.default_rng(2)
    x = with_gaps(rng, rng.normal(size=40) + 0.3 * np.arange(40), 0.3)
    here = ~np.isnan(x)
    slope, start = np.polyfit(np.flatnonzero(here), x[here], 1)
    found = fit_lines(x[:, None])
    np.testing.assert_allclose([found[0][0], found[1][0]], [start, slope])
    flat = x[:, None] - lines_at(*found, 40)
    np.testing.assert_allclose(fit_lines(flat), 0, atol=1e-12)


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), centre=st.integers(5, 35))
def test_gaps_take_the_line_of_their_half(seed, centre):
    rng = np.random.default_rng(seed)
    t = np.arange(40.0)[:, None]
    a, b, c, d = rng.normal(size=(4, 3))
    whole = np.where(t < centre, a + b * t, c + d * t)
    gappy = whole.copy()
    gappy[rng.permutation(centre)[: max(centre - 2, 0)]] = np.nan
    gappy[centre + rng.permutation(40 - centre)[:2]] = np.nan
    np.testing.assert_allclose(fill_gaps(gappy, centre), whole, atol=1e-9)


def test_measured_samples_stay_and_an_empty_half_stays_empty():
    rng = np.random.default_rng(3)
    x = with_gaps(rng, rng.normal(size=(20, 2)), 0.2)
    x[10:, 1] = np.nan
    filled = fill_gaps(x, 10)
    np.testing.assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])
    assert np.isnan(filled[10:, 1]).all()
    assert not np.isnan(filled[:, 0]).any()


@pytest.mark.parametrize(("missing_stations", "valid"), [(4, True), (5, False)])
def test_validity_of_a_window(missing_stations, valid):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(100, 10, 2))
    x[:31, :missing_stations] = np.nan  # 69 days are left
    x[:30, missing_stations:] = np.nan  # 70 days are left
    window = prepare_window(x, 50)
    assert window.valid is valid
    assert window.usable.sum() == 10 - missing_stations
    assert not np.isnan(window.enu[:, window.usable]).any()
    assert np.isnan(window.enu[:, ~window.usable]).all()
    assert window.filled == 30 * (10 - missing_stations) * 2
    start, slope = fit_lines(window.enu[:, window.usable])
    np.testing.assert_allclose([start, slope], 0, atol=1e-9)


def test_a_step_survives_the_window():
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, (100, 6, 2))
    x[50:] += 100
    x[47:53, 2] = np.nan
    window = prepare_window(x, 50)
    step = window.enu[50] - window.enu[49]
    # the detrended step of a window of 100 days is 1.5 % smaller over one day
    np.testing.assert_allclose(step, 98.5, atol=5)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), centre=st.integers(2, 38))
def test_a_trend_beside_a_step_is_that_of_both_halves(seed, centre):
    rng = np.random.default_rng(seed)
    t, x = np.arange(40.0), rng.normal(size=(40, 3, 2))
    design = np.stack([np.ones(40), t, t >= centre], 1)
    want = np.linalg.lstsq(design, x.reshape(40, -1), rcond=None)[0][1].reshape(3, 2)
    np.testing.assert_allclose(slope_beside_step(x, centre), want, atol=1e-10)


def test_a_step_beside_the_trend_is_whole():
    t = np.arange(100.0)[:, None, None]
    x = np.broadcast_to(3 + 0.2 * t + 100 * (t >= 50), (100, 4, 2)).copy()
    x[:60, 3] = np.nan
    window = prepare_window(x, 50, trend="beside_step")
    np.testing.assert_allclose(window.enu[:50, :3], 0, atol=1e-9)
    np.testing.assert_allclose(window.enu[50:, :3], 100, atol=1e-9)
    np.testing.assert_allclose(window.slope[:3], 0.2)
    assert np.isnan(window.enu[:, 3]).all()
    whole = prepare_window(x, 50)
    saw = whole.enu[51] - whole.enu[49]
    np.testing.assert_allclose(saw + 2 * whole.slope, np.where(np.isnan(saw), np.nan, 100.4), atol=1e-9)
    assert (saw[:3] < 98).all()


def planted(rng, days=3000, gaps=0.1, outliers=0.02, noise=2.0):
    t = 14245.0 + np.arange(days)
    steps, event, tau = (15044.0, 15500.0), 15044.0, 12.0
    year = (t - t.mean()) / 365.25
    size = {"offset": [5, -3, 1], "trend": [20, -10, 2], "annual_sin": [2, 1, 4], "annual_cos": [-1, 2, 3]}
    size |= {"semiannual_sin": [1, 0, -1], "semiannual_cos": [0.5, -0.5, 1]}
    size |= {"step 15044": [800, -300, -90], "step 15500": [10, 5, -20], "log 15044": [150, -60, 30]}
    columns = [np.ones_like(t), year]
    for k in (1, 2):
        columns += [np.sin(2 * np.pi * k * t / 365.25), np.cos(2 * np.pi * k * t / 365.25)]
    columns += [(t >= s) * 1.0 for s in steps]
    columns += [np.where(t >= event, np.log10(1 + np.maximum(t - event, 0) / tau), 0)]
    clean = np.stack(columns, 1) @ np.array(list(size.values()), float)
    x = clean + rng.normal(0, noise, clean.shape)
    wild = rng.random(x.shape) < outliers
    x[wild] += rng.normal(0, 200, wild.sum())
    return t, with_gaps(rng, x, gaps), clean, size, steps, event, tau


@pytest.mark.parametrize("seed", range(3))
def test_planted_trajectory_is_found(seed):
    t, x, clean, size, steps, event, tau = planted(np.random.default_rng(seed))
    fit = fit_trajectory(t, x, steps, (event,))
    assert fit.tau[0] == pytest.approx(tau, rel=0.1)
    assert set(fit.names) == set(size)
    for name in ("trend", "annual_sin", "annual_cos", "semiannual_sin", "semiannual_cos"):
        np.testing.assert_allclose(fit[name], size[name], atol=0.5)
    np.testing.assert_allclose(fit["step 15044"], size["step 15044"], atol=5)
    np.testing.assert_allclose(fit["step 15500"], size["step 15500"], atol=1)
    np.testing.assert_allclose(fit.scale, 2.0, rtol=0.1)
    assert np.abs(fit.at(t) - clean).max() < 3
    np.testing.assert_allclose(fit.residuals, x - fit.at(t), atol=1e-6)
    assert (np.isnan(fit.residuals) == np.isnan(x)).all()


def test_robust_is_better_than_least_squares_with_outliers():
    t, x, clean, _, steps, event, tau = planted(np.random.default_rng(7), gaps=0, outliers=0.05)
    fit = fit_trajectory(t, x, steps, (event,), (tau,))
    year = (t - t.mean()) / 365.25
    columns = [
        np.ones_like(t),
        year,
        *(f(2 * np.pi * k * t / 365.25) for k in (1, 2) for f in (np.sin, np.cos)),
    ]
    columns += [t >= s for s in steps] + [np.log10(1 + np.maximum(t - event, 0) / tau)]
    design = np.stack(columns, 1).astype(float)
    plain = design @ np.linalg.lstsq(design, x, rcond=None)[0]
    assert np.sqrt(np.mean((fit.at(t) - clean) ** 2)) < 0.3 * np.sqrt(np.mean((plain - clean) ** 2))


def test_without_outliers_robust_is_least_squares():
    rng = np.random.default_rng(8)
    design = np.stack([np.ones(500), np.linspace(-1, 1, 500)], 1)
    x = design @ np.array([[1.0, 2], [3, 4]]) + rng.uniform(-1, 1, (500, 2))
    found, residuals, _ = fit_robust(design, x, scale=np.array([10.0, 10]))
    np.testing.assert_allclose(found, np.linalg.lstsq(design, x, rcond=None)[0], atol=1e-9)
    np.testing.assert_allclose(residuals.mean(0), 0, atol=1e-9)


def test_a_step_that_no_day_sees_is_refused():
    t = np.arange(1000.0)
    x = np.random.default_rng(9).normal(size=(1000, 3))
    with pytest.raises(InputError, match="do not determine 7 parameters"):
        fit_trajectory(t, x, steps=(2000.0,))
    x[500:, 1] = np.nan
    with pytest.raises(InputError, match="do not determine"):
        fit_trajectory(t, x, steps=(500.0,))


def test_two_logarithms_of_one_earthquake_are_told_apart():
    t = np.arange(3000.0)
    slow = np.where(t >= 800, np.log10(1 + np.maximum(t - 800, 0) / 400), 0)
    fast = np.where(t >= 800, np.log10(1 + np.maximum(t - 800, 0) / 2), 0)
    x = np.random.default_rng(10).normal(0, 1, (3000, 3)) + np.outer(slow, [900, 500, 300])
    x += np.outer(fast, [100, -80, 60]) + np.outer(t >= 800, [800, 300, 100])
    fit = fit_trajectory(t, x, (800,), (800, 800), (2, 400))
    np.testing.assert_allclose(fit["log 800"], [100, -80, 60], atol=3)
    np.testing.assert_allclose(fit["log 800'"], [900, 500, 300], atol=15)
    np.testing.assert_allclose(fit["step 800"], [800, 300, 100], atol=3)
    searched = fit_trajectory(t, x, (800,), (800, 800))
    np.testing.assert_allclose(searched["step 800"], [800, 300, 100], atol=10)
