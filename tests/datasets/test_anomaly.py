"""Quartiles by both definitions, causal bounds, and the spectrum of sliding windows."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.anomaly.quartiles import bounds, quartiles, sliding_bounds
from slipbench.datasets.anomaly.spectrum import sliding_spectrum, velocity

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@given(VALUES)
def test_halves_are_medians_of_the_halves(values: list[float]) -> None:
    ordered, half = sorted(values), len(values) // 2
    low, high = quartiles(np.array(values))
    assert float(low) == pytest.approx(statistics.median(ordered[:half]))
    assert float(high) == pytest.approx(statistics.median(ordered[len(values) - half :]))


@given(VALUES)
def test_linear_is_numpy(values: list[float]) -> None:
    np.testing.assert_allclose(
        quartiles(np.array(values), "linear"), np.percentile(values, [25, 75]), atol=1e-6
    )


def test_the_definitions_differ() -> None:
    x = np.array([1.0, 2, 3, 4, 5])
    assert quartiles(x) == (1.5, 4.5)
    assert quartiles(x, "linear") == (2.0, 4.0)


@given(st.lists(VALUES, min_size=1, max_size=5), st.sampled_from(["halves", "linear"]))
def test_missing_values_are_left_out(rows: list[list[float]], method: str) -> None:
    x = np.full((len(rows), 60), np.nan)
    for k, row in enumerate(rows):
        x[k, np.random.default_rng(k).permutation(60)[: len(row)]] = row
    found = quartiles(x, method)  # type: ignore[arg-type]
    wanted = [quartiles(np.array(row), method) for row in rows]  # type: ignore[arg-type]
    np.testing.assert_allclose(np.transpose(found), wanted)


def test_too_few_values_have_no_bounds() -> None:
    assert np.isnan(bounds(np.array([[1.0, np.nan, np.nan], [np.nan] * 3]))).all()


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(5, 55))
def test_a_step_is_never_seen_before_it(seed: int, at: int) -> None:
    x = np.random.default_rng(seed).normal(size=60)
    changed = x.copy()
    changed[at:] += 50
    for plain, moved in zip(sliding_bounds(x, 5), sliding_bounds(changed, 5), strict=True):
        np.testing.assert_array_equal(plain[: at + 1], moved[: at + 1])
    low, high = sliding_bounds(changed, 5)
    assert (changed[at] > high[at]) or (changed[at] < low[at])
    before, after = sliding_spectrum(velocity(x))[0], sliding_spectrum(velocity(changed))[0]
    np.testing.assert_array_equal(before[:at], after[:at])


def test_bounds_are_those_of_the_values_before() -> None:
    x = np.random.default_rng(0).normal(size=(3, 20))
    low, high = sliding_bounds(x, 7)
    assert np.isnan(low[:, :7]).all()
    for k in range(7, 20):
        np.testing.assert_allclose((low[:, k], high[:, k]), bounds(x[:, k - 7 : k]))
    with pytest.raises(ValueError, match="a window of 20 values in a series of 20"):
        sliding_bounds(x, 20)


@pytest.mark.parametrize("window", [9, 10])
def test_a_sine_has_its_amplitude(window: int) -> None:
    t = np.arange(50.0)
    x = 3.0 * np.sin(2 * np.pi * 2 / window * t + 0.3) + 7
    amplitude, frequency = sliding_spectrum(x, window, interval=0.5)
    assert np.isnan(amplitude[: window - 1]).all()
    np.testing.assert_allclose(amplitude[window - 1 :, 2], 3.0)
    np.testing.assert_allclose(amplitude[window - 1 :, 0], 7.0)
    assert frequency[2] == pytest.approx(2 / window / 0.5)


def test_velocity_stands_at_the_later_epoch() -> None:
    np.testing.assert_allclose(velocity(np.array([0.0, 1.0, 4.0]), 0.5), [np.nan, 2.0, 6.0])
