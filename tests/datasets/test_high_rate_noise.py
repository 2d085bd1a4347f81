"""Noise of high-rate positions: spectrum, common mode, and whether a fit finds what was drawn."""

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise, PowerLaw, draw_noise
from slipbench.datasets.noise.high_rate_fit import fit_high_rate, window_spectra

TRUTH = HighRateNoise(
    east=PowerLaw(white_mm=1.0, corner_hz=0.1, index=1.5),
    north=PowerLaw(white_mm=2.0, corner_hz=0.05, index=1.0),
    up=PowerLaw(white_mm=4.0, corner_hz=0.2, index=2.0),
    station_spread=0.3,
    network_spread=0.0,
    common_mode=0.2,
)
ALIKE = TRUTH.model_copy(update={"station_spread": 0.0})


def test_the_spectrum_is_the_one_asked_for() -> None:
    x = draw_noise(ALIKE, 20, 8, 512, 1.0, np.random.default_rng(0)).astype(np.float64)
    taper = np.hanning(514)[1:-1]
    power = np.abs(np.fft.rfft(x * taper[:, None], axis=2)) ** 2 * 2 / (taper**2).sum()
    f = np.fft.rfftfreq(512)[5:-1]
    for c, name in enumerate(COMPONENTS):
        ratio = power[:, :, 5:-1, c].mean(axis=(0, 1)) / getattr(TRUTH, name).density(f)
        assert abs(np.log(ratio).mean()) < 0.05
        assert np.abs(np.log(ratio)).max() < 0.5


def test_half_the_step_draws_the_same_spectrum() -> None:
    flat = HighRateNoise(**{c: PowerLaw(white_mm=1.0, corner_hz=1e-9, index=1.0) for c in COMPONENTS})
    flat = flat.model_copy(update={"station_spread": 0.0, "network_spread": 0.0})
    for step, wanted in ((1.0, 1.0), (0.5, 2.0)):  # twice the band, so twice the variance
        x = draw_noise(flat, 4, 10, 256, step, np.random.default_rng(1))
        assert 1e6 * x.var() == pytest.approx(wanted, rel=0.05)


def test_stations_share_the_common_mode_and_nothing_else() -> None:
    x = draw_noise(ALIKE, 60, 6, 128, 1.0, np.random.default_rng(2))
    for c in range(3):
        one, other = x[:, ::2, :, c].ravel(), x[:, 1::2, :, c].ravel()
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.2, abs=0.08)
    apart = ALIKE.model_copy(update={"common_mode": 0.0})
    x = draw_noise(apart, 60, 6, 128, 1.0, np.random.default_rng(2))
    assert abs(np.corrcoef(x[:, 0, :, 0].ravel(), x[:, 1, :, 0].ravel())[0, 1]) < 0.1


def test_a_fit_finds_what_was_drawn() -> None:
    windows = {}
    for k, (stations, times) in enumerate(((300, 120), (200, 500), (100, 1200))):
        x = draw_noise(TRUTH, 1, stations, times, 1.0, np.random.default_rng(k))[0]
        windows[f"record{k}"] = (x.transpose(0, 2, 1), 1.0)
    windows["short"] = (x.transpose(0, 2, 1)[:, :, :20], 1.0)
    fit = fit_high_rate(windows)
    assert set(fit.left_out) == {"short"}
    for name in COMPONENTS:
        found, true = getattr(fit.noise, name), getattr(TRUTH, name)
        f = np.geomspace(0.01, 0.45, 30)
        assert np.abs(np.log(found.density(f) / true.density(f))).max() < 0.35, name
        assert found.index == pytest.approx(true.index, abs=0.25)
        assert all(0.8 < r < 1.25 for r in fit.ratio[name])
    assert fit.noise.station_spread == pytest.approx(0.3, abs=0.1)
    assert fit.noise.network_spread < 0.1
    assert fit.noise.common_mode == pytest.approx(0.2, abs=0.1)


def test_gaps_and_broken_stations_are_left_out() -> None:
    x = draw_noise(TRUTH, 1, 30, 100, 1.0, np.random.default_rng(5))[0].transpose(0, 2, 1)
    x[3, 0, 50] = np.nan
    x[4, 1] *= 1000
    found = window_spectra("x", x, 1.0)
    assert found is not None
    assert len(found.power) == 28
    assert window_spectra("x", x[:4], 1.0) is None
    assert window_spectra("x", x[:, :, :31], 1.0) is None


def test_nothing_to_fit_is_one_line() -> None:
    with pytest.raises(InputError, match="no usable window"):
        fit_high_rate({"short": (np.zeros((10, 3, 5)), 1.0)})


def test_the_defaults_are_those_of_the_shipped_fit() -> None:
    from pathlib import Path

    import yaml

    path = Path(__file__).resolve().parents[2] / "configs/noise/high_rate.yaml"
    fitted = HighRateNoise.model_validate(yaml.safe_load(path.read_text())["high_rate"])
    default = HighRateNoise()
    for name in COMPONENTS:
        for key, value in getattr(fitted, name).model_dump().items():
            assert getattr(getattr(default, name), key) == pytest.approx(value, rel=0.03), (name, key)
    for key in ("station_spread", "network_spread", "common_mode"):
        assert getattr(default, key) == pytest.approx(getattr(fitted, key), rel=0.03)
