"""Detectors know nothing of later epochs, treat series alone, and do not take gaps for anomalies."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.anomaly.detectors.base import DETECTORS, Detector
from slipbench.datasets.anomaly.quartiles import sliding_bounds
from slipbench.datasets.anomaly.spectrum import velocity

NAMES = ["cusum", "frequency", "quartile_rule", "sta_lta"]
EPOCHS = 150


def make(name: str, **options: Any) -> Detector:
    part = DETECTORS.get(name)
    return part(part.Options(**options))


def noise(seed: int, *shape: int, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(*shape, EPOCHS))
    x[rng.uniform(size=x.shape) < missing] = np.nan
    return x


def test_all_are_found() -> None:
    assert DETECTORS.names() == NAMES


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(NAMES),
    st.integers(0, 10_000),
    st.integers(1, EPOCHS - 1),
    st.floats(0, 0.5),
    st.booleans(),
)
def test_later_epochs_change_nothing(name: str, seed: int, at: int, missing: float, gone: bool) -> None:
    x = noise(seed, 2, missing=missing)
    changed = x.copy()
    changed[:, at:] = np.nan if gone else noise(seed + 1, 2)[:, at:] * 1e3
    found = make(name).statistic(x), make(name).statistic(changed)
    np.testing.assert_array_equal(found[0][:, :at], found[1][:, :at])


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(NAMES), st.integers(0, 10_000), st.integers(60, EPOCHS - 20), st.floats(30, 1e6))
def test_a_step_is_reported_at_its_second_or_later_and_not_missed(
    name: str, seed: int, at: int, size: float
) -> None:
    position = noise(seed)
    moved = position.copy()
    moved[at:] += size * np.sign(np.random.default_rng(seed).normal())
    quiet, found = (make(name).anomalies(velocity(p)) for p in (position, moved))
    np.testing.assert_array_equal(found[:at], quiet[:at])
    assert found[at : at + 10].any()


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(NAMES), st.integers(0, 10_000), st.floats(0, 0.3))
def test_a_batch_equals_its_series_one_by_one(name: str, seed: int, missing: float) -> None:
    x = noise(seed, 2, 3, missing=missing)
    together = make(name).statistic(x)
    for k in np.ndindex(2, 3):
        np.testing.assert_array_equal(together[k], make(name).statistic(x[k]))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(NAMES), st.integers(0, 10_000), st.integers(50, 100), st.integers(1, 40))
def test_a_gap_is_no_anomaly(name: str, seed: int, at: int, length: int) -> None:
    """A sine has no outlier, so whatever fires is made by the gap."""
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    x = np.sin(2 * np.pi * np.arange(EPOCHS) / 5.3 + phase)
    x[at : at + length] = np.nan
    detector = make(name)
    assert np.isnan(detector.statistic(x)[at : at + length]).all()
    assert not detector.anomalies(x).any()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_judge_by_is_no_anomaly(name: str) -> None:
    still = np.zeros(EPOCHS)
    still[100] = 5.0
    for x in (np.full(EPOCHS, np.nan), np.full((2, EPOCHS), 3.0), still):
        found = make(name).statistic(x)
        assert found.shape == x.shape
        assert not make(name).anomalies(x)[..., :101].any()
    detector = make(name)
    found = detector.statistic(noise(0))
    assert np.isfinite(found[detector.warm_up :]).all()


@given(st.sampled_from(NAMES), st.integers(0, 100), st.floats(1e-6, 1e6))
def test_the_unit_does_not_matter(name: str, seed: int, factor: float) -> None:
    x = noise(seed)
    a, b = make(name).statistic(x), make(name).statistic(factor * x)
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", ["halves", "linear"])
def test_the_quartile_rule_marks_what_lies_beyond_the_bounds(method: Any) -> None:
    x = np.random.default_rng(3).standard_t(2, size=(4, EPOCHS))
    low, high = sliding_bounds(x, 30, method)
    found = make("quartile_rule", method=method).anomalies(x)
    np.testing.assert_array_equal(found[:, 30:], ((x < low) | (x > high))[:, 30:])
    assert found[:, 30:].any()


def test_quartiles_by_hand() -> None:
    x = np.array([1.0, 2, 3, 4, 5, 9])
    # halves: Q1 1.5, Q3 4.5; linear: Q1 2, Q3 4
    for method, wanted in (("halves", (9 - 4.5) / 3), ("linear", (9 - 4) / 2)):
        found = make("quartile_rule", window=5, method=method).statistic(x)
        assert found[-1] == pytest.approx(wanted)


def test_a_frequency_change_is_seen_and_a_steady_tone_is_not() -> None:
    t = np.arange(EPOCHS)
    tone = np.sin(2 * np.pi * t / 5.3) + 0.1 * noise(0)
    louder = np.where(t >= 100, 4 * tone, tone)
    found = make("frequency").anomalies(louder)
    assert not found[:100].any()
    assert found[100:106].any()


def test_sta_lta_is_that_of_obspy_where_both_windows_are_full() -> None:
    trigger = pytest.importorskip("obspy.signal.trigger")
    x, short, long = noise(1), 5, 30
    x[80:] *= 8
    r = make("sta_lta", short=short, long=long).statistic(x)
    classic = trigger.classic_sta_lta(np.sqrt(np.abs(x)), short, short + long)  # squares what it is given
    ours = (short + long) * r / (short * r + long)
    np.testing.assert_allclose(ours[short + long :], classic[short + long :], rtol=1e-9)


def test_cusum_is_the_recursion() -> None:
    x, window, slack = noise(2, missing=0.1), 30, 0.5
    up = down = 0.0
    found = make("cusum").statistic(x)
    for k in range(EPOCHS):
        past = x[max(k - window, 0) : k]
        past = past[np.isfinite(past)]
        if len(past) < window / 2 or np.isnan(x[k]):
            assert np.isnan(found[k])
            continue
        z = (x[k] - past.mean()) / past.std(ddof=1)
        up, down = max(0.0, up + z - slack), max(0.0, down - z - slack)
        assert found[k] == pytest.approx(max(up, down))


def test_a_long_window_must_be_longer() -> None:
    with pytest.raises(ValueError, match="a long window of 5 epochs, and a short one of 5"):
        make("sta_lta", long=5)
