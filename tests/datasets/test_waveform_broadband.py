"""Made earthquakes: closed forms against quadrature, limits, spectra, energy, and what a seed gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from slipbench.datasets.physics.moment_tensor import double_couple
from slipbench.datasets.physics.okada import displacement
from slipbench.datasets.physics.okada_sources import Sources
from slipbench.datasets.physics.source import moment
from slipbench.datasets.waveforms.attenuation import attenuate
from slipbench.datasets.waveforms.broadband import S_PATTERN, Ground, Shot, broadband
from slipbench.datasets.waveforms.brune import Growth, corner_frequency, source_radius
from slipbench.datasets.waveforms.coda import convolve, envelope, scatterers
from slipbench.datasets.waveforms.point_source import Medium, full_space, ray, static_offset

ANGLES = {"strike": st.floats(0, 360), "dip": st.floats(0, 90), "rake": st.floats(-180, 180)}
QUIET = Ground(coda=0.0, kappa_s=0.0, q0=1e9, surface=1.0)


def shot(mw: float, km: float, azimuth: float | np.ndarray = 40.0, **change: float) -> Shot:
    values = {"depth_km": 10.0, "strike": 200.0, "dip": 25.0, "rake": 90.0} | change
    return Shot(np.array(mw), km, azimuth=azimuth, **values)


def test_moment_tensors_of_the_textbook() -> None:
    # Aki and Richards (2002), box 4.4, north, east, down -> east, north, up
    rng = np.random.default_rng(1)
    strike, dip, rake = rng.uniform(0, 360, 50), rng.uniform(0, 90, 50), rng.uniform(-180, 180, 50)
    f, d, r = np.deg2rad([strike, dip, rake])
    xx = -(np.sin(d) * np.cos(r) * np.sin(2 * f) + np.sin(2 * d) * np.sin(r) * np.sin(f) ** 2)
    xy = np.sin(d) * np.cos(r) * np.cos(2 * f) + 0.5 * np.sin(2 * d) * np.sin(r) * np.sin(2 * f)
    xz = -(np.cos(d) * np.cos(r) * np.cos(f) + np.cos(2 * d) * np.sin(r) * np.sin(f))
    yy = np.sin(d) * np.cos(r) * np.sin(2 * f) - np.sin(2 * d) * np.sin(r) * np.cos(f) ** 2
    yz = -(np.cos(d) * np.cos(r) * np.sin(f) - np.cos(2 * d) * np.sin(r) * np.cos(f))
    zz = np.sin(2 * d) * np.sin(r)
    expected = np.array([[yy, xy, -yz], [xy, xx, -xz], [-yz, -xz, zz]]).transpose(2, 0, 1)
    np.testing.assert_allclose(double_couple(strike, dip, rake), expected, atol=1e-12)


@given(**ANGLES)
def test_a_double_couple_has_eigenvalues_one_zero_minus_one(strike: float, dip: float, rake: float) -> None:
    tensor = double_couple(np.array(strike), np.array(dip), np.array(rake))
    np.testing.assert_allclose(np.linalg.eigvalsh(tensor), [-1, 0, 1], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(rate=st.floats(0.05, 20), s=st.floats(0.01, 60))
def test_the_growth_of_moment_and_its_integrals(rate: float, s: float) -> None:
    growth = Growth(np.array(rate))
    share = lambda u: float(growth.share(np.array(u)))  # noqa: E731
    points = [min(1 / rate, s)]
    assert growth.integral(np.array(s)) == pytest.approx(
        quad(share, 0, s, points=points)[0], rel=1e-6, abs=1e-9
    )
    moment_ = quad(lambda u: u * share(u), 0, s, points=points)[0]
    assert growth.first_moment(np.array(s)) == pytest.approx(moment_, rel=1e-6, abs=1e-9)
    speed = quad(lambda u: float(growth.speed(np.array(u))), 0, s, points=points)[0]
    assert share(s) == pytest.approx(speed, rel=1e-6, abs=1e-9)
    for f in (growth.share, growth.speed, growth.integral, growth.first_moment):
        assert f(np.array(-s)) == 0


def test_the_source_spectrum_is_omega_squared() -> None:
    corner, rate = 0.3, 200.0
    t = np.arange(0, 400, 1 / rate)
    speed = Growth(np.array(2 * np.pi * corner)).speed(t)
    f = np.fft.rfftfreq(len(t), 1 / rate)[:2000]
    spectrum = np.abs(np.fft.rfft(speed))[:2000] / rate
    np.testing.assert_allclose(spectrum, 1 / (1 + (f / corner) ** 2), rtol=5e-3)


def test_corner_and_radius() -> None:
    # Boore (2003): 4.9e6 beta (km/s) (stress drop (bar) / M0 (dyn cm))^(1/3)
    m0 = moment(np.array([5.0, 7.0]))
    expected = 4.9e6 * 3.5 * np.cbrt(30.0 / (m0 * 1e7))
    np.testing.assert_allclose(corner_frequency(m0, 3e6, 3500.0), expected, rtol=1e-9)
    # and the radius gives the stress drop back: 7/16 M0 / r^3
    radius = source_radius(expected, 3500.0)
    np.testing.assert_allclose(7 / 16 * m0 / radius**3, 3e6, rtol=0.02)


@settings(max_examples=15, deadline=None)
@given(**ANGLES, azimuth=st.floats(0, 360), km=st.floats(12, 300), mw=st.floats(5, 8))
def test_full_space_against_quadrature(
    strike: float, dip: float, rake: float, azimuth: float, km: float, mw: float
) -> None:
    """The near field by numerical integration, and the radiation patterns of Aki and Richards (4.33)."""
    medium = Medium()
    growth = Growth(2 * np.pi * corner_frequency(moment(np.array([mw])), 3e6, medium.beta_m_s))
    way = ray(np.array(km * 1e3), np.array(azimuth), np.array(1e4))
    tensor = double_couple(np.array(strike), np.array(dip), np.array(rake))
    g, r = way.direction, float(way.length)
    tp, ts = r / medium.alpha_m_s, r / medium.beta_m_s
    times = np.array([tp * 0.9, (tp + ts) / 2, ts * 1.1, ts + 30])
    found = full_space(tensor, way, growth, times, medium)
    rr = g @ tensor @ g
    radial, transverse = rr * g, tensor @ g - rr * g

    def share(s: float) -> float:
        return float(growth.share(np.array([s]))[0])

    for k, t in enumerate(times):
        kink = [min(max(t, tp), ts)]
        near = quad(lambda tau, t=t: tau * share(t - tau), tp, ts, points=kink, limit=200)[0]
        u = (9 * radial - 6 * transverse) * near / r**4
        u = u + (4 * radial - 2 * transverse) * share(t - tp) / (medium.alpha_m_s * r) ** 2
        u = u + (-3 * radial + 3 * transverse) * share(t - ts) / (medium.beta_m_s * r) ** 2
        u = u + radial * growth.speed(np.array([t - tp])) / (medium.alpha_m_s**3 * r)
        u = u + transverse * growth.speed(np.array([t - ts])) / (medium.beta_m_s**3 * r)
        expected = u / (4 * np.pi * medium.density)
        size = np.abs(found).max()
        np.testing.assert_allclose(found[:, k], expected, atol=1e-6 * size + 1e-40)


@settings(max_examples=20, deadline=None)
@given(**ANGLES, azimuth=st.floats(0, 360), km=st.floats(11, 400), mw=st.floats(5, 7.5))
def test_waves_begin_with_p_and_end_in_the_static_offset(
    strike: float, dip: float, rake: float, azimuth: float, km: float, mw: float
) -> None:
    one = shot(mw, km, azimuth, strike=strike, dip=dip, rake=rake)
    way = ray(np.array(km * 1e3), np.array(azimuth), np.array(1e4))
    arrival = km * 1e3 / QUIET.alpha_m_s
    time = np.arange(-2, km / 3.5 + 60, 0.05)
    found = broadband(one, time, QUIET, np.random.default_rng(0))
    static = static_offset(
        moment(np.array(mw)) * double_couple(*map(np.array, (strike, dip, rake))), way, QUIET
    )
    size = np.abs(found).max()
    np.testing.assert_allclose(found[:, -1], static, atol=1e-6 * size)
    assert np.abs(found[:, time < arrival]).max() < 1e-7 * size
    assert np.abs(found[:, time > arrival]).max() > 0


@pytest.mark.parametrize(
    ("strike", "dip", "rake"), [(200.0, 25.0, 80.0), (30.0, 85.0, 0.0), (300.0, 50.0, -90.0)]
)
def test_the_static_field_points_where_okadas_half_space_does(strike: float, dip: float, rake: float) -> None:
    rng = np.random.default_rng(4)
    azimuth, across, depth = rng.uniform(0, 360, 300), rng.uniform(2e3, 40e3, 300), 12e3
    way = ray(np.hypot(across, depth), azimuth, np.full(300, depth))
    full = static_offset(3e18 * double_couple(*map(np.array, (strike, dip, rake))), way, Medium())
    angle = np.deg2rad(azimuth)
    # 3e18 N m: 1 km x 1 km, 100 m of slip, 30 GPa; a point for these distances
    values = (0, 0, depth, strike, dip, rake, 1e3, 1e3, 100.0, 0)
    small = Sources(*(np.array([float(v)]) for v in values))
    half = displacement(small, across * np.sin(angle), across * np.cos(angle))[0]
    cosine = (full * half).sum() / np.linalg.norm(full) / np.linalg.norm(half)
    assert cosine > 0.8
    assert 1 < np.linalg.norm(half) / np.linalg.norm(full) < 4  # the free surface about doubles it


def test_the_s_pattern_over_the_focal_sphere() -> None:
    rng = np.random.default_rng(2)
    dips = np.rad2deg(np.arccos(rng.uniform(0, 1, 40_000)))
    tensor = double_couple(rng.uniform(0, 360, 40_000), dips, rng.uniform(-180, 180, 40_000))
    g = ray(np.array(1e5), np.array(30.0), np.array(4e4)).direction
    turned = tensor @ g
    transverse = turned - (turned @ g)[:, None] * g
    assert np.sqrt((transverse**2).sum(-1).mean()) == pytest.approx(S_PATTERN, rel=0.01)


def test_attenuation_of_a_tone_and_of_an_offset() -> None:
    rate, t = 50.0, np.arange(0, 200, 0.02)
    window = np.exp(-(((t - 100) / 15) ** 2))
    for f in (0.5, 2.0, 5.0):
        x = window * np.sin(2 * np.pi * f * t)
        found = attenuate(x, rate, np.array(60.0), 0.04, 180.0, 0.45)
        loss = np.exp(-np.pi * f * (0.04 + 60.0 / (180 * max(f, 1) ** 0.45)))
        assert np.abs(found).max() / np.abs(x).max() == pytest.approx(loss, rel=0.02)
    step = np.tanh((t - 100) / 3)
    found = attenuate(step, rate, np.array(60.0), 0.04, 180.0, 0.45)
    np.testing.assert_allclose([found[0], found[-1]], [step[0], step[-1]], atol=3e-3)
    np.testing.assert_allclose(attenuate(step, rate, np.array(0.0), 0.0, 1.0, 0.0), step, atol=1e-12)


def test_the_envelope_is_that_of_boore() -> None:
    # w = a (t/te)^b exp(-c t/te), te = 2 x duration, largest at 0.2 te, 0.05 at te
    t = np.array([-1.0, 0.0, 4.0, 20.0])
    np.testing.assert_allclose(envelope(t, np.array(10.0)), [0, 0, 1, 0.05], atol=1e-12)
    b = -(0.2 * np.log(0.05)) / (1 + 0.2 * (np.log(0.2) - 1))
    x = 7.0 / 20
    expected = (np.e / 0.2) ** b * x**b * np.exp(-b / 0.2 * x)
    assert envelope(np.array(7.0), np.array(10.0)) == pytest.approx(expected)


def test_scattered_waves_have_the_energy_spectrum_of_their_pulse() -> None:
    rate, n = 20.0, 4096
    time = np.arange(n) / rate
    arrivals = scatterers(time, np.full(400, 20.0), np.array(12.0), rate, np.random.default_rng(3))
    assert (arrivals[:, time < 20] == 0).all()
    energy = (np.abs(np.fft.rfft(arrivals, axis=-1)) ** 2).mean(0) / rate**2
    assert energy.mean() == pytest.approx(1, abs=0.02)
    assert energy[:200].mean() == pytest.approx(energy[-200:].mean(), rel=0.1)
    pulse = Growth(np.array(2.0)).speed(time)
    waves = convolve(arrivals, pulse[None], rate)
    expected = (np.abs(np.fft.rfft(pulse)) ** 2)[:300] / rate**2
    found = (np.abs(np.fft.rfft(waves, axis=-1)) ** 2).mean(0)[:300] / rate**2
    assert np.median(found / expected) == pytest.approx(1, abs=0.1)


def test_a_seed_gives_the_same_waves_and_the_batch_is_its_parts() -> None:
    time = np.arange(-2, 60, 0.02)
    many = shot(6.5, 60.0, np.array([10.0, 130.0]))
    one, two = (broadband(many, time, Ground(), np.random.default_rng(6)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (2, 3, len(time))
    assert np.abs(one - broadband(many, time, Ground(), np.random.default_rng(7))).max() > 1e-4
    alone = broadband(shot(6.5, 60.0, 130.0), time, QUIET, np.random.default_rng(6))
    np.testing.assert_allclose(broadband(many, time, QUIET, np.random.default_rng(6))[1], alone, rtol=1e-9)


def test_rates_agree_where_both_have_samples() -> None:
    slow, fast = (np.arange(0, 60, step) for step in (0.02, 0.01))
    a, b = (broadband(shot(6.5, 60.0), t, QUIET, np.random.default_rng(0)) for t in (slow, fast))
    np.testing.assert_allclose(a, b[:, ::2], atol=1e-12)


def test_sources_and_solids_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least the depth"):
        broadband(shot(6.0, 5.0), np.arange(0, 10, 0.1), Ground(), np.random.default_rng(0))
    with pytest.raises(ValueError, match="bulk modulus"):
        Medium(alpha_m_s=3600.0)
