"""Likelihood with gaps against its dense form; recovery of known noise; windows; spectra; bad input."""

from dataclasses import replace

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.fit import fit_noise, time_parts
from slipbench.datasets.noise.fit_check import check_fit, correlation_at, model_spectra, spectra
from slipbench.datasets.noise.gaps import Window, cut_windows
from slipbench.datasets.noise.likelihood import InTime, space_cost, time_cost
from slipbench.datasets.noise.parametric import ParametricNoise, space_correlation

from .noise_recovery import TRUTH, flat, recover, simulated

SHARES = np.array([0.2, 0.4, 150.0])
VARIANCE = np.array([0.5, 9.0, 2.0])


def dense(time, correlation, y, there):
    """Restricted -log L of what is observed, from its whole covariance."""
    d, m = y.shape
    seen = there.ravel()
    v = np.kron(time, correlation)[np.ix_(seen, seen)]
    x = np.kron(np.ones((d, 1)), np.eye(m))[seen]
    v_inverse = np.linalg.inv(v)
    inner = x.T @ v_inverse @ x
    project = v_inverse - v_inverse @ x @ np.linalg.inv(inner) @ x.T @ v_inverse
    z = y.ravel()[seen]
    return (np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1] + z @ project @ z) / 2


@pytest.fixture
def small():
    rng = np.random.default_rng(3)
    d, m = 12, 5
    there = rng.random((d, m)) > 0.25
    there[:, 0] = True
    y = np.where(there, rng.normal(size=(d, m)), 0.0)
    return (
        time_parts(d, 30),
        Window(y, there, np.arange(m)),
        rng.uniform(40, 45, m),
        rng.uniform(-125, -120, m),
    )


def test_time_likelihood_with_gaps_is_exact(small):
    parts, window, _, _ = small
    alone = np.eye(5)

    def exact(variance):
        return dense(np.einsum("k,kij->ij", variance, parts), alone, window.values, window.there)

    cost, slope = time_cost(parts, VARIANCE, [window])
    assert cost[0] == pytest.approx(exact(VARIANCE), abs=1e-10)
    for k, move in enumerate(np.eye(3) * 1e-5):
        assert slope[0, k] == pytest.approx(
            (exact(VARIANCE + move) - exact(VARIANCE - move)) / 2e-5, rel=1e-6
        )


def test_space_likelihood_with_gaps_is_exact(small):
    parts, window, lat, lon = small
    time = np.einsum("k,kij->ij", VARIANCE, parts)

    def correlation(x):
        return space_correlation(lat, lon, ParametricNoise(common_mode=x[0], local=x[1], correlation_km=x[2]))

    def exact(x):
        return dense(time, correlation(x), window.values, window.there)

    moves = np.diag([1e-6, 1e-6, 1e-3])
    bent = np.stack([(correlation(SHARES + m) - correlation(SHARES - m)) / (2 * m.sum()) for m in moves])
    cost, slope = space_cost(correlation(SHARES), bent, [window], InTime.of(time))
    assert cost[0] == pytest.approx(exact(SHARES), abs=1e-9)
    for k, m in enumerate(moves):
        assert slope[0, k] == pytest.approx((exact(SHARES + m) - exact(SHARES - m)) / (2 * m.sum()), rel=1e-5)


def test_an_offset_of_a_station_changes_nothing(small):
    parts, window, _, _ = small
    moved = replace(window, values=np.where(window.there, window.values + np.arange(5) * 100.0, 0.0))
    np.testing.assert_allclose(
        time_cost(parts, VARIANCE, [moved])[0], time_cost(parts, VARIANCE, [window])[0], rtol=1e-8
    )


@pytest.fixture(scope="module")
def fits():
    """Eight fits of noise of one truth, a fifth of it missing."""
    rng = np.random.default_rng(11)
    made = [simulated(TRUTH, rng, m=24, windows=24, n_days=64, missing=0.2) for _ in range(8)]
    return made, [fit_noise(r, 64, 0.75, TRUTH.history_days) for r in made]


def test_known_parameters_are_recovered(fits):
    found = recover(fits[1], TRUTH, 0.0)
    assert all(f.windows.missing > 0.005 for f in fits[1])
    for name, off in found.off.items():
        mean_error = np.nanmean(found.errors[name]) / np.sqrt(len(off))
        if flat(TRUTH)[name] > 0:
            assert abs(off.mean()) < 4 * mean_error, name
        else:  # a random walk that is not there cannot come out below zero, and adds less than flicker does
            assert 0 <= off.mean() < 0.5 * flat(TRUTH)[name.replace("random_walk", "flicker")], name
    assert found.off["common_mode"].std() < 0.05
    assert found.off["local"].std() < 0.05
    assert found.off["correlation_km"].std() < 60


def test_standard_errors_cover_the_truth(fits):
    found = recover(fits[1], TRUTH, 0.0)
    # 8 fits x 12 parameters, less those at a bound; nominal 68 % and 95 %
    assert 0.5 < found.share_within(1.0) < 0.85
    assert found.share_within(1.96) > 0.84


def test_without_gaps_both_ways_are_the_same_fit():
    r = simulated(TRUTH, np.random.default_rng(2), m=10, windows=8, n_days=32, missing=0.0)
    assert flat(fit_noise(r, 32, 1.0, 100).options) == flat(fit_noise(r, 32, 0.6, 100).options)


def test_the_spread_of_stations_is_told():
    r = simulated(TRUTH, np.random.default_rng(4), m=20, windows=10, n_days=32, missing=0.0)
    even = fit_noise(r, 32, history_days=100).spread
    r.values[:10] *= 2
    uneven = fit_noise(r, 32, history_days=100).spread
    for name in even:
        assert even[name][2] / even[name][0] < 1.5
        assert 1.7 < uneven[name][2] / uneven[name][0] < 2.9


def test_windows_know_skipped_days_and_leave_out_what_stands_out():
    r = simulated(TRUTH, np.random.default_rng(5), m=12, windows=4, n_days=32, missing=0.0)
    r.values[3] *= 100
    r.lat[7] = np.nan
    kept = np.delete(np.arange(128), 40)  # a day that the file does not list
    r = replace(r, values=r.values[:, :, kept], year=r.year[kept])
    windows = cut_windows(r, 32, 0.9)
    assert [len(g) for g in windows.components] == [4, 4, 4]
    for group in windows.components:
        assert [int((~w.there).sum()) for w in group] == [0, 10, 0, 0]
        assert not group[1].there[8].any()
        assert all(set(w.stations) == set(range(12)) - {3, 7} for w in group)
    assert windows.outlying == 12
    assert windows.missing == pytest.approx(1 / 128)
    assert len(cut_windows(r, 32, 1.0).components[0]) == 3


def test_model_spectra_are_the_mean_of_drawn_ones():
    r = simulated(TRUTH, np.random.default_rng(6), m=60, windows=60, n_days=32, missing=0.0)
    _, drawn = spectra(cut_windows(r, 32, 1.0))
    ratio = drawn / model_spectra(TRUTH, 32)
    assert ratio.shape == (3, 15)
    np.testing.assert_allclose(ratio, 1, atol=0.2)  # stations are correlated: some 100 independent series
    np.testing.assert_allclose(ratio.mean(axis=1), 1, atol=0.04)


def test_the_check_finds_what_was_put_in():
    r = simulated(TRUTH, np.random.default_rng(7), m=40, windows=20, n_days=48, missing=0.1)
    fit = fit_noise(r, 48, 0.8, 100)
    check = check_fit(fit, r)
    for ratios in check.ratio.values():
        np.testing.assert_allclose(ratios, 1, atol=0.15)
    assert len(check.distance_km) > 8
    np.testing.assert_allclose(check.data_correlation.mean(axis=0), check.model_correlation, atol=0.05)
    np.testing.assert_allclose(
        check.model_correlation, correlation_at(fit.options, check.distance_km), atol=0.02
    )


def test_too_little_is_bad_input():
    r = simulated(TRUTH, np.random.default_rng(8), m=6, windows=4, n_days=32, missing=0.0)
    gone = replace(r, values=np.full_like(r.values, np.nan))
    few = replace(r, values=r.values[:3], lat=r.lat[:3], lon=r.lon[:3], code=r.code[:3])
    nowhere = replace(r, lat=np.full(6, np.nan))
    dead = replace(r, values=np.zeros_like(r.values))
    for bad, days in ((r, 64), (gone, 32), (few, 32), (nowhere, 32), (dead, 32)):
        with pytest.raises(InputError, match="windows of"):
            fit_noise(bad, days)
    with pytest.raises(InputError, match="spread over"):
        fit_noise(replace(r, year=2005 + 1e6 * (r.year - 2005)), 32)
    with pytest.raises(InputError, match="at least 16 days"):
        fit_noise(r, 8)
    with pytest.raises(InputError, match=r"0\.5 to 1"):
        fit_noise(r, 32, 1.2)
