"""Double integration of analytic pulses, causal and not; baselines, starts and ends of records."""

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.waveforms.high_pass import CORNER_HZ, ORDER, high_pass
from slipbench.datasets.waveforms.strong_motion import acceleration_of, displacement_of

RATE = 100.0
TIME = np.arange(0, 120, 1 / RATE)


def pulse(at: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian displacement and its second derivative."""
    z = (TIME - at) / width
    x = np.exp(-(z**2) / 2)
    return x, x * (z**2 - 1) / width**2


def ramp(at: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """A displacement that stays (a smooth step to 1), and its second derivative."""
    z = np.clip((TIME - at) / width, -0.5, 0.5)
    x = 0.5 + z + np.sin(2 * np.pi * z) / (2 * np.pi)
    return x, -2 * np.pi * np.sin(2 * np.pi * z) / width**2


@settings(max_examples=30, deadline=None)
@given(at=st.floats(20, 100), width=st.floats(0.3, 3))
def test_plain_integrals_are_exact_to_the_square_of_the_step(at: float, width: float) -> None:
    step = 1 / RATE
    x, a = pulse(at, width)
    found = displacement_of(a, RATE, corner_hz=None)
    np.testing.assert_allclose(found, x - x[0], atol=0.2 * (step / width) ** 2 + 1e-8)
    x, a = ramp(at, 6 * width)
    # where the ramp begins and ends the slope of the acceleration jumps between two samples
    jump = 4 * np.pi**2 / (6 * width) ** 3
    found = displacement_of(a, RATE, corner_hz=None)
    np.testing.assert_allclose(
        found, x - x[0], atol=step**2 / 6 * jump * TIME[-1] + 0.2 * (step / width) ** 2
    )


@settings(max_examples=15, deadline=None)
@given(at=st.floats(20, 60), width=st.floats(0.5, 3), causal=st.booleans())
def test_filtered_integrals_are_the_filtered_displacement(at: float, width: float, causal: bool) -> None:
    x, a = pulse(at, width)
    found = displacement_of(a, RATE, causal=causal)
    np.testing.assert_allclose(found, high_pass(x, RATE, causal=causal), atol=5e-4)


@pytest.mark.parametrize("causal", [True, False])
def test_the_high_pass_is_that_of_its_definition(causal: bool) -> None:
    n = 2**18  # at rest for long: the spectrum of the filter is seen as it is
    x = np.zeros(n)
    x[n // 2] = 1.0
    response = np.abs(np.fft.rfft(high_pass(x, RATE, causal=causal)))
    f = np.fft.rfftfreq(n, 1 / RATE)
    sections = scipy.signal.butter(ORDER, CORNER_HZ, "highpass", fs=RATE, output="sos")
    _, design = scipy.signal.sosfreqz(sections, worN=2 * np.pi * f / RATE)
    np.testing.assert_allclose(response, np.abs(design) ** (1 if causal else 2), atol=1e-6)
    corner = np.interp(CORNER_HZ, f, response)
    assert corner == pytest.approx(np.sqrt(0.5) if causal else 0.5, abs=2e-3)


def test_a_causal_filter_knows_nothing_of_what_comes() -> None:
    x, a = pulse(60, 1)
    later = a.copy()
    later[7000:] += 3.0
    before, after = (displacement_of(v, RATE, causal=True) for v in (a, later))
    np.testing.assert_array_equal(before[:6990], after[:6990])
    both = [displacement_of(v, RATE, causal=False) for v in (a, later)]
    assert np.abs(both[0] - both[1])[:6990].max() > 0.01
    assert np.abs(high_pass(x, RATE, causal=True)[:5000]).max() < 1e-9


@pytest.mark.parametrize("causal", [True, False])
def test_a_permanent_offset_does_not_survive(causal: bool) -> None:
    x, a = ramp(40, 4)
    found = displacement_of(a, RATE, causal=causal)
    assert found.max() - found.min() > 0.5  # the motion is there
    assert abs(found[-1]) < 0.2
    # after four periods of the corner nothing of the offset is left
    long = displacement_of(np.pad(a, (0, 20_000)), RATE, causal=causal)
    assert np.abs(long[-1000:]).max() < 1e-3
    np.testing.assert_allclose(found, high_pass(x, RATE, causal=causal), atol=5e-4)


def test_baselines_are_taken_from_before_the_shaking() -> None:
    x, a = pulse(60, 1)
    drifting = displacement_of(a + 1e-3, RATE, corner_hz=None)
    assert abs(drifting[-1]) == pytest.approx(0.5 * 1e-3 * TIME[-1] ** 2, rel=1e-3)
    np.testing.assert_allclose(displacement_of(a + 1e-3, RATE, baseline_s=20, corner_hz=None), x, atol=1e-4)
    np.testing.assert_allclose(
        displacement_of(a + 1e-3, RATE, baseline_s=20), displacement_of(a, RATE), atol=1e-10
    )


@pytest.mark.parametrize("causal", [True, False])
def test_the_start_of_the_record_does_not_matter_when_it_is_quiet(causal: bool) -> None:
    _, a = pulse(60, 1)
    whole = displacement_of(a, RATE, causal=causal)
    cut = displacement_of(a[3000:], RATE, causal=causal)
    np.testing.assert_allclose(cut, whole[3000:], atol=1e-8)


def test_a_baseline_that_is_left_in_swings_at_the_start() -> None:
    offset = displacement_of(np.full(len(TIME), 1e-3), RATE, causal=True)
    # the step of acceleration at the start excites the filter, which rings at its corner and dies out
    assert np.abs(offset).max() > 0.01
    long = displacement_of(np.full(60_000, 1e-3), RATE, causal=True)
    assert np.abs(long[50_000:]).max() < 1e-8


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), causal=st.booleans())
def test_it_is_linear_and_batched(seed: int, causal: bool) -> None:
    x, y = np.random.default_rng(seed).normal(size=(2, 2, 3, 600))
    both = displacement_of(3 * x - y, RATE, causal=causal)
    parts = 3 * displacement_of(x, RATE, causal=causal) - displacement_of(y, RATE, causal=causal)
    np.testing.assert_allclose(both, parts, atol=1e-7)
    np.testing.assert_allclose(
        displacement_of(x[1, 2], RATE, causal=causal),
        displacement_of(x, RATE, causal=causal)[1, 2],
        atol=1e-12,
    )


def test_second_differences_undo_the_integrals() -> None:
    x, a = pulse(60, 1)
    made = acceleration_of(x, RATE)
    np.testing.assert_allclose(made, a, atol=1e-4)
    np.testing.assert_allclose(displacement_of(made, RATE, corner_hz=None), x, atol=1e-4)


def test_records_that_cannot_be() -> None:
    a = np.zeros(1000)
    with pytest.raises(ValueError, match="baseline"):
        displacement_of(a, RATE, baseline_s=20)
    with pytest.raises(ValueError, match="corner"):
        displacement_of(a, RATE, corner_hz=60.0)
    a[5] = np.nan
    with pytest.raises(ValueError, match="every epoch"):
        displacement_of(a, RATE)
    with pytest.raises(ValueError, match="every sample"):
        displacement_of(a, RATE, corner_hz=None)
