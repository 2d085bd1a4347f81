"""Covariance and spectrum of parametric noise; what surrogates keep; carrying residuals over."""

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.parametric import (
    Amplitudes,
    ParametricNoise,
    parametric_sampler,
    power_law_impulse,
    space_correlation,
    time_covariance,
)
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.noise.transplant import transplant
from slipbench.datasets.readers.residuals import Residuals

LAT, LON = np.array([36.0, 36.5, 38.0, 40.0]), np.array([140.0, 140.2, 141.0, 141.0])


def test_random_walk_and_white_noise_have_their_textbook_covariance():
    walk = time_covariance(Amplitudes(white_mm=0, flicker_mm=0, random_walk_mm=2.0), 30, 0)
    day = np.arange(1, 31)
    np.testing.assert_allclose(walk, 4 * np.minimum.outer(day, day) / 365.25, rtol=1e-12)
    white = time_covariance(Amplitudes(white_mm=3.0, flicker_mm=0, random_walk_mm=0), 30, 50)
    np.testing.assert_array_equal(white, 9 * np.eye(30))


def test_flicker_spectrum_has_slope_minus_one():
    n = 4096
    gain = np.abs(np.fft.rfft(power_law_impulse(-1.0, n), 2 * n)) ** 2
    f = np.fft.rfftfreq(2 * n)
    band = (f > 0.002) & (f < 0.05)
    slope = np.polyfit(np.log(f[band]), np.log(gain[band]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.05)


def test_sample_covariance_is_time_times_space():
    options = ParametricNoise()
    days = (3, 49, 51)
    draw = parametric_sampler(LAT, LON, 100, days, ("east", "up"), options).draw(
        60_000, np.random.default_rng(0)
    )
    assert draw.shape == (60_000, 3, 4, 2)
    space = space_correlation(LAT, LON, options)
    for c, name in enumerate(("east", "up")):
        time = time_covariance(getattr(options, name), 100, options.history_days)[np.ix_(days, days)]
        flat = draw[..., c].reshape(len(draw), -1)
        want = np.kron(time, space)
        assert np.abs(flat.T @ flat / len(flat) - want).max() < 0.025 * want.max()
    mixed = np.mean(draw[..., 0] * draw[..., 1], axis=0)  # components are independent
    assert np.abs(mixed).max() < 0.025 * draw[..., 0].std() * draw[..., 1].std()


def test_space_correlation_is_common_mode_plus_decay():
    o = ParametricNoise(common_mode=0.3, local=0.1, correlation_km=150)
    c = space_correlation(LAT, LON, o)
    np.testing.assert_allclose(np.diag(c), 1.0)
    degree = np.pi / 180 * 6371
    assert c[2, 3] == pytest.approx(0.3 + 0.7 * 0.9 * np.exp(-2 * degree / 150), rel=1e-6)
    assert np.linalg.eigvalsh(c).min() > 0


def windows(w=3, d=40, p=9, seed=5):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(p, p))
    return np.cumsum(rng.normal(size=(w, d, p)), axis=1) @ mixing + rng.normal(0, 5, (w, 1, p))


@pytest.mark.parametrize("d", [40, 41])
def test_each_surrogate_keeps_covariance_spectrum_and_mean(d):
    x = windows(w=1, d=d)
    made = SurrogateNoise.fit(x).draw(20, np.random.default_rng(0))
    assert made.dtype == np.float64
    np.testing.assert_allclose(made.mean(axis=1), np.broadcast_to(x.mean(axis=1), (20, 9)), atol=1e-10)
    centred = x[0] - x[0].mean(axis=0)
    scale = np.abs(centred.T @ centred).max()
    for one in made:
        c = one - one.mean(axis=0)
        np.testing.assert_allclose(c.T @ c, centred.T @ centred, atol=1e-10 * scale)
        np.testing.assert_allclose(
            np.abs(np.fft.rfft(c, axis=0)), np.abs(np.fft.rfft(centred, axis=0)), atol=1e-9 * np.sqrt(scale)
        )
    # They are new series, not copies, and differ from each other.
    assert np.abs(made - x).max(axis=(1, 2)).min() > 0.1 * centred.std()
    assert np.abs(np.corrcoef(made[:, :, 0])[np.triu_indices(20, 1)]).max() < 0.999


def test_phases_are_uniform_and_common_to_the_network():
    x = windows(w=1, d=64)
    made = SurrogateNoise.fit(x).draw(4000, np.random.default_rng(0))
    shift = np.angle(np.fft.rfft(made, axis=1) / np.fft.rfft(x, axis=1))[:, 1:-1]
    spread = np.exp(1j * shift)
    np.testing.assert_allclose(spread, spread[:, :, :1] * np.ones(9), atol=1e-5)
    assert np.abs(spread[:, :, 0].mean(axis=0)).max() < 0.07  # 4 sigma of a uniform phase
    nyquist = np.fft.rfft(made, axis=1)[:, -1, 0].real / np.fft.rfft(x, axis=1)[0, -1, 0].real
    np.testing.assert_allclose(np.abs(nyquist), 1, atol=1e-6)
    assert abs(nyquist.mean()) < 0.07


def test_some_days_of_a_surrogate_are_those_of_the_whole():
    noise = SurrogateNoise.fit(windows())
    whole = noise.draw(6, np.random.default_rng(4))
    some = noise.draw(6, np.random.default_rng(4), days=(2, 30))
    np.testing.assert_allclose(some, whole[:, [2, 30]], atol=1e-12)


def test_windows_with_gaps_are_refused():
    x = windows()
    x[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        SurrogateNoise.fit(x)


def donors(m=12, t=230, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(m, 3, t)).astype(np.float32)
    return Residuals(
        values,
        2005 + np.arange(t) / 365.25,
        tuple(f"D{k}" for k in range(m)),
        rng.uniform(42, 48, m),
        rng.uniform(-125, -120, m),
    )


def test_transplant_uses_each_donor_once_and_fills_gaps_in_time():
    r = donors()
    r.values[3, :, 10:14] = np.nan
    r.lat[5] = np.nan
    moved = transplant(r, r.lat[[0, 3, 7]] / 8 + 30, r.lon[[0, 3, 7]] / 8 + 150, 100, components=(0, 1))
    assert moved.windows.shape == (2, 100, 3, 2)
    series = moved.windows[0].transpose(1, 2, 0)
    used = [int(np.argmin([np.abs(v[:2, :9] - s[:, :9]).max() for v in r.values])) for s in series]
    assert len(set(used)) == 3
    assert 5 not in used
    for s, k in zip(series, used, strict=True):
        raw = r.values[k, :2, :100]
        there = np.isfinite(raw)
        np.testing.assert_allclose(s[there], raw[there])
        if k == 3:
            np.testing.assert_allclose(np.diff(s[:, 9:15], axis=1).std(axis=1), 0, atol=1e-6)
    assert moved.filled == pytest.approx(4 / 600 if 3 in used else 0)


def test_a_network_maps_onto_itself():
    r = donors()
    moved = transplant(r, r.lat, r.lon, 100)
    np.testing.assert_allclose(moved.windows[1], r.values[:, :, 100:200].transpose(2, 0, 1), rtol=1e-6)
    assert moved.stretch == pytest.approx(1.0)


def test_more_stations_than_donors_is_bad_input():
    with pytest.raises(InputError, match="at most 12 stations"):
        transplant(donors(), np.linspace(35, 41, 13), np.full(13, 140.0), 100)
