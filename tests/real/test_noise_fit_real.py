"""Noise drawn from parameters fitted to a part of the Cascadia residuals beside the residuals themselves."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from slipbench.datasets.noise.fit import COMPONENTS, fit_noise
from slipbench.datasets.noise.fit_check import check_fit, correlation_at
from slipbench.datasets.noise.parametric import parametric_sampler
from slipbench.datasets.preprocess.residuals import read_or_make_residuals
from slipbench.datasets.readers.residuals import Residuals, read_residuals

pytestmark = pytest.mark.real
DAYS = 128


@pytest.fixture(scope="module")
def part(data_dir):
    """60 stations from 2009 on."""
    r = read_residuals(data_dir / "daily/cascadia211_daily_2005_2015.npz")
    late = r.year >= 2009
    full = np.isfinite(r.values[:, 0, late]).mean(axis=1) * np.isfinite(r.lat)
    best = np.sort(np.argsort(full, kind="stable")[-60:])
    return Residuals(
        r.values[best][:, :, late], r.year[late], tuple(r.code[k] for k in best), r.lat[best], r.lon[best]
    )


@pytest.fixture(scope="module")
def fit(part):
    return fit_noise(part, DAYS)


def drawn_like(part, fit):
    """Noise of the fitted parameters at the same stations, with the same days missing."""
    n = part.values.shape[2] // DAYS
    sampler = parametric_sampler(part.lat, part.lon, DAYS, range(DAYS), COMPONENTS, fit.options)
    noise = sampler.draw(n, np.random.default_rng(0)).transpose(2, 3, 0, 1).reshape(len(part.lat), 3, -1)
    real = part.values[:, :, : n * DAYS]
    return replace(
        part, values=np.where(np.isnan(real), np.nan, noise).astype(np.float32), year=part.year[: n * DAYS]
    )


def test_amplitudes_are_plausible_and_told_apart(fit):
    o, e = fit.options, fit.errors
    for name in ("east", "north"):
        size = getattr(o, name)
        assert 0.4 < size.white_mm < 1.5
        assert 2 < size.flicker_mm < 6
        assert size.random_walk_mm < size.flicker_mm
    assert 2 < o.up.white_mm / o.north.white_mm < 5  # Williams et al. (2004): up is some three times north
    assert 2 < o.up.flicker_mm / o.north.flicker_mm < 5
    for key in ("east.white_mm", "north.flicker_mm", "up.flicker_mm"):
        name, _, amplitude = key.partition(".")
        assert e[key] < 0.1 * getattr(getattr(o, name), amplitude)


def test_the_correlation_follows_that_of_the_data(part, fit):
    """Common mode and length trade off between parts of the network; their curve is what data tell."""
    check = check_fit(fit, part)
    assert len(check.distance_km) > 8
    off = check.data_correlation.mean(axis=0) - check.model_correlation
    assert np.abs(off).max() < 0.05
    assert np.sqrt((off**2).mean()) < 0.025
    near, far = correlation_at(fit.options, np.array([50.0, 700.0]))
    assert 0.1 < near < 0.25
    assert 0.0 < far < 0.1
    assert 3 * fit.errors["local"] < 1 - fit.options.local


def test_drawn_noise_has_the_spectra_and_correlations_of_the_data(part, fit):
    data = check_fit(fit, part)
    made = drawn_like(part, fit)
    again = fit_noise(made, DAYS)
    drawn = check_fit(again, made)
    for c, name in enumerate(COMPONENTS):
        period = 1 / data.frequency
        # at periods above 30 days the residuals, whose trends and seasons are taken out, have less
        for shortest, longest, low, high in ((2, 5, 0.85, 1.15), (5, 30, 0.85, 1.2), (30, 200, 0.6, 1.15)):
            band = (period > shortest) & (period <= longest)
            ratio = data.data_psd[c, band] / drawn.data_psd[c, band]
            assert low < np.exp(np.log(ratio).mean()) < high, (name, shortest)
    off = data.data_correlation.mean(axis=0) - drawn.data_correlation.mean(axis=0)
    assert len(off) > 8
    assert np.abs(off).max() < 0.06
    assert np.sqrt((off**2).mean()) < 0.03


def test_raw_positions_in_japan_have_a_common_mode(data_dir):
    """Unlike the cleaned Cascadia residuals: larger amplitudes, and nothing decays within the network."""
    r = read_or_make_residuals(
        data_dir / "daily/japan18_daily.csv.gz",
        data_dir / "stations/ngl_japan_box.csv",
        date(2009, 1, 2),
        date(2011, 3, 8),
    )
    fit = fit_noise(r, DAYS)
    assert len(fit.windows.stations) == 18
    assert 3 * fit.errors["common_mode"] < fit.options.common_mode < 0.5
    assert np.isnan(fit.errors["correlation_km"])  # no decay within 1,800 km
    assert 1 < fit.options.east.white_mm < 3
    assert 3 < fit.options.east.flicker_mm < 9
    assert 2 < fit.options.up.flicker_mm / fit.options.north.flicker_mm < 6
