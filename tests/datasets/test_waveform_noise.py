"""Noise at 50 Hz from noise measured at 1 Hz: picked again it has the spectrum that was measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipbench.datasets.noise.high_rate import HighRateNoise, PowerLaw, draw_noise
from slipbench.datasets.waveforms.psd import welch
from slipbench.datasets.waveforms.resample import resample
from slipbench.datasets.waveforms.unfold import BAND_HZ, folded_density, unfold

LAW = PowerLaw(white_mm=1.4, corner_hz=0.07, index=1.9)
MEASURED = HighRateNoise(east=LAW, north=LAW, up=LAW, station_spread=0.0, network_spread=0.0, common_mode=0.0)


@given(
    white=st.floats(0.1, 10),
    corner=st.floats(0.01, 0.1),
    index=st.floats(1.5, 2.5),
    rate=st.sampled_from([1.0, 5.0]),
)
def test_folded_again_it_is_what_was_measured(white: float, corner: float, index: float, rate: float) -> None:
    law = PowerLaw(white_mm=white, corner_hz=corner, index=index)
    before = unfold(MEASURED.model_copy(update={"east": law}), rate)
    f = np.linspace(0.005, rate / 2, 60)
    again = folded_density(before.east, f, rate)
    # and the coloured part above half of the rate, which the docstring leaves out
    at = [k * rate + side * f for k in range(1, round(BAND_HZ / rate)) for side in (-1, 1)] + [BAND_HZ - f]
    coloured = sum(2e-6 * white**2 * (corner / x) ** index for x in at)
    np.testing.assert_allclose(again, law.density(f) + coloured, rtol=1e-9)
    assert before.north.index == LAW.index


def test_samples_picked_out_of_drawn_noise() -> None:
    fast = draw_noise(unfold(MEASURED), 40, 1, 50 * 400, 1 / 50, np.random.default_rng(1))[:, 0]
    series = fast.transpose(0, 2, 1).astype(np.float64)
    slow = welch(resample(series, 50.0, 1.0), 1.0, 100.0)
    f = slow.frequency_hz[3:-1]
    found = slow.density.mean(axis=(0, 1))[3:-1]
    np.testing.assert_allclose(np.log(found / LAW.density(f)).mean(), 0, atol=0.05)
    # a filter before picking keeps the folds out: the level at 0.3 ... 0.4 Hz falls nearly to the white part
    clean = welch(resample(series, 50.0, 1.0, "zero_phase"), 1.0, 100.0)
    band = (clean.frequency_hz > 0.3) & (clean.frequency_hz < 0.4)
    assert clean.density[..., band].mean() < 0.1 * slow.density[..., band].mean()
    # and at 50 Hz it is white above a hertz
    whole = welch(series, 50.0, 20.0)
    high = whole.frequency_hz > 2
    level = whole.density.mean(axis=(0, 1))[high]
    assert level.mean() == pytest.approx(2e-6 * LAW.white_mm**2 / (2 * BAND_HZ), rel=0.1)
