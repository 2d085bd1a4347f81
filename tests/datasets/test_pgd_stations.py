"""Magnitudes from many running peaks: screening, combination, and nothing from the future."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.physics.arrivals import earliest_p
from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd, pgd_magnitude
from slipbench.datasets.physics.pgd_stations import (
    Screening,
    combined,
    magnitude_variance,
    quiet_noise,
    station_magnitudes,
    station_peaks,
)

RUHL = SCALINGS["ruhl2019"]
EVERY = Screening()
TIME = np.arange(-30.0, 121.0)
KM = np.array([30.0, 60.0, 150.0, 300.0])


def displacement(seed=0, km=KM):
    """Noise of 2 mm, and waves of 3 km/s that reach the peak of an Mw 7."""
    rng = np.random.default_rng(seed)
    enu = rng.normal(0, 0.002, (len(km), len(TIME), 3))
    rise = np.clip((TIME - km[:, None] / 3) / 5, 0, 1)
    enu[..., 1] += expected_pgd(7.0, km, RUHL)[:, None] * rise
    return enu


def estimate(enu, screening=EVERY, how="mean", least=2, km=KM):
    peaks = station_peaks(enu, TIME, km, screening)
    single = station_magnitudes(peaks, km, RUHL)
    return combined(single, magnitude_variance(peaks, km, RUHL, 0.25), how, least)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    second=st.integers(0, 119),
    how=st.sampled_from(["mean", "median", "inverse_variance"]),
    ratio=st.sampled_from([0.0, 3.0, 8.0]),
    front=st.sampled_from([None, 2.0, 3.5]),
    window=st.sampled_from([None, 20.0]),
    gone=st.booleans(),
)
def test_later_samples_change_nothing(seed, second, how, ratio, front, window, gone):
    rules = Screening(least_ratio=ratio, wave_km_s=front, window_s=window, max_km=200.0)
    enu = displacement(seed)
    changed = enu.copy()
    later = second < TIME
    changed[:, later] = np.nan if gone else np.random.default_rng(seed).normal(0, 100, (4, later.sum(), 3))
    for before, after in zip(estimate(enu, rules, how), estimate(changed, rules, how), strict=True):
        np.testing.assert_array_equal(before[: second + 1], after[: second + 1])
        assert len(before) == 121


def test_the_planted_magnitude_is_found_once_the_peaks_are_there():
    mw, sigma = estimate(displacement(), least=4)
    reached = int(300 / 3)
    assert np.isnan(mw[: reached - 1]).all()
    assert mw[-1] == pytest.approx(7.0, abs=0.1)
    assert 0 < sigma[-1] < 0.1


def test_it_is_the_same_as_station_by_station():
    rules = Screening(least_ratio=4, max_km=250, window_s=60)
    enu = displacement(3)
    mw, _ = estimate(enu, rules)
    for at in (5, 40, 90, 120):
        single = []
        for k, km in enumerate(KM):
            here = (earliest_p(km) <= TIME) & (min(at, km / 3 + 60) >= TIME)
            if km > 250 or not ((km / 3 <= TIME) & here).any():
                continue
            peak = np.linalg.norm(enu[k][here], axis=1).max()
            noise = np.sqrt((np.linalg.norm(enu[k][TIME < 0], axis=1) ** 2).mean())
            if peak >= 4 * noise:
                single.append(float(pgd_magnitude(peak, km, RUHL)))
        want = np.mean(single) if len(single) >= 2 else np.nan
        np.testing.assert_allclose(mw[at], want, rtol=1e-12)


def test_a_station_counts_from_its_first_sample_behind_the_front():
    enu = displacement()
    enu[0, (TIME >= 8) & (TIME < 25)] = np.nan  # the front of 3 km/s passes at 10 s
    used = station_peaks(enu, TIME, KM, Screening()).used
    np.testing.assert_array_equal(used.argmax(axis=1), [25, 20, 50, 100])
    slow = station_peaks(enu, TIME, KM, Screening(wave_km_s=2.0)).used
    assert slow[1].argmax() == 30
    early = station_peaks(enu, TIME, KM, Screening(wave_km_s=None)).used
    assert early[2].argmax() == np.ceil(earliest_p(150.0))


def test_motion_before_any_wave_is_no_peak():
    enu = displacement()
    enu[3, TIME == 20] = 5.0  # 300 km away
    peaks = station_peaks(enu, TIME, KM, Screening())
    assert peaks.peak_m[3, -1] < 0.1


def test_too_few_quiet_samples_fail_a_ratio_but_no_other_rule():
    enu = displacement()
    enu[1, TIME < -4] = np.nan
    assert np.isnan(quiet_noise(enu, TIME, 5)[1])
    assert not station_peaks(enu, TIME, KM, Screening(least_ratio=3)).used[1].any()
    assert station_peaks(enu, TIME, KM, Screening()).used[1, -1]


def test_a_window_ends_the_peak():
    enu = displacement()
    enu[0, TIME == 100] = 3.0
    assert station_peaks(enu, TIME, KM, Screening()).peak_m[0, -1] > 5
    assert station_peaks(enu, TIME, KM, Screening(window_s=60)).peak_m[0, -1] < 1


@pytest.mark.parametrize("how", ["mean", "median", "inverse_variance"])
def test_combinations(how):
    magnitude = np.array([[6.0, np.nan], [7.0, 7.0], [9.0, np.nan]])
    variance = np.array([[0.01, 0.01], [0.04, 0.04], [1.0, 1.0]])
    mw, sigma = combined(magnitude, variance, how, 2)
    weights = 1 / variance[:, 0]
    want = {
        "mean": (22 / 3, np.std([6, 7, 9], ddof=1) / np.sqrt(3)),
        "median": (7.0, 1.2533141 * 1.4826 * 1.0 / np.sqrt(3)),
        "inverse_variance": ((weights * [6, 7, 9]).sum() / weights.sum(), weights.sum() ** -0.5),
    }[how]
    assert (mw[0], sigma[0]) == pytest.approx(want)
    assert np.isnan(mw[1])
    one, alone = combined(magnitude, variance, how, 1)
    assert one[1] == 7.0
    assert np.isnan(alone[1]) == (how != "inverse_variance")  # one station has no scatter


def test_noise_makes_a_station_less_certain():
    km = np.array([100.0, 100.0])
    enu = displacement(km=km)
    enu[0] += np.random.default_rng(1).normal(0, 0.05, enu[0].shape)
    peaks = station_peaks(enu, TIME, km, Screening())
    last = magnitude_variance(peaks, km, RUHL, 0.25)[:, -1]
    slope = 1.009 - 0.145 * 2
    assert last[0] > 1.05 * last[1]
    noise = peaks.noise_m / (peaks.peak_m[:, -1] * np.log(10))
    np.testing.assert_allclose(last, (noise**2 + 0.25**2) / slope**2)


def test_no_station_at_all():
    mw, sigma = estimate(np.full((4, len(TIME), 3), np.nan))
    assert np.isnan(mw).all()
    assert np.isnan(sigma).all()
