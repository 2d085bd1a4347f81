"""Moment and crack identities, the sampler's policies, the flat map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.projection import EARTH_RADIUS_M, project, to_station_frame
from slipbench.datasets.physics.source import (
    MECHANISMS,
    SHEAR_MODULUS_PA,
    Range,
    Sampling,
    StressDrop,
    crack,
    lognormal_parameters,
    magnitude,
    moment,
    sample,
)


@given(mw=st.floats(4, 9.5), drop=st.floats(1e4, 1e9))
def test_crack_carries_the_moment(mw, drop):
    m0 = moment(np.array(mw))
    c = crack(m0, np.array(drop))
    assert SHEAR_MODULUS_PA * c.slip * np.pi * c.radius**2 == pytest.approx(m0, rel=1e-13)
    assert SHEAR_MODULUS_PA * c.slip * c.length * c.width == pytest.approx(m0, rel=1e-13)
    assert c.length == pytest.approx(2 * c.width, rel=1e-15)
    assert magnitude(m0) == pytest.approx(mw, rel=1e-13)


def test_moment_of_mw6_is_known():
    assert moment(np.array(6.0)) == pytest.approx(1.2589254e18, rel=1e-7)


def test_lognormal_of_the_document_has_median_0_30_mpa():
    mu, sigma = lognormal_parameters(3.0, 30.0)
    assert np.exp(mu) == pytest.approx(0.2985, abs=1e-4)
    assert np.exp(mu + sigma**2 / 2) == pytest.approx(3.0)
    assert np.sqrt(np.expm1(sigma**2)) * 3 == pytest.approx(30.0)


@pytest.mark.parametrize("variant", ["thrust", "all"])
@pytest.mark.parametrize("surface", ["redraw", "push_down"])
def test_sampler_obeys_ranges_and_policies(variant, surface):
    options = Sampling(variant=variant, surface=surface, min_top_km=1.0)
    p, counts = sample(4000, np.random.default_rng(1), options)
    for name, (low, high) in zip(("strike", "dip", "rake"), MECHANISMS[variant], strict=True):
        assert low <= p[name].min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < p[name].max() <= high
    for name in ("latitude", "longitude", "mw"):
        limits = getattr(options, name)
        assert p[name].min() >= limits.low
        assert p[name].max() <= limits.high
        assert p[name].mean() == pytest.approx(
            (limits.low + limits.high) / 2, abs=0.03 * (limits.high - limits.low)
        )
    top = p["depth"] - p["width"] / 2 * np.sin(np.radians(p["dip"]))
    assert top.min() >= 1e3 - 1e-6
    assert p["stress_drop"].min() >= 1e5
    assert p["stress_drop"].max() <= 1e8
    if surface == "redraw":
        assert counts["surface_redrawn"] > 0
        assert p["depth"].max() <= 100e3
    else:
        assert counts["surface_pushed_down"] == np.isclose(top, 1e3, rtol=0, atol=1e-6).sum() > 0


def test_counts_are_what_was_applied():
    """With nothing truncated and deep sources no policy is applied."""
    options = Sampling(
        depth_km=Range(low=90, high=100),
        mw=Range(low=5.8, high=6.0),
        stress_drop=StressDrop(truncation="none"),
    )
    p, counts = sample(500, np.random.default_rng(2), options)
    assert counts == {"stress_drop_redrawn": 0, "surface_redrawn": 0}
    assert p["stress_drop"].min() < 1e5  # the untruncated tail


def test_truncation_redraws_the_expected_share():
    _, counts = sample(20_000, np.random.default_rng(3), Sampling(surface="push_down"))
    # P(0.1 MPa < x < 100 MPa) = 0.6915; each kept draw needs 1 / P - 1 = 0.446 redraws on average.
    assert counts["stress_drop_redrawn"] / 20_000 == pytest.approx(0.446, abs=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mw": {"low": 8, "high": 7}},
        {"stress_drop": {"low_mpa": 10, "high_mpa": 1}},
        {"depth_km": {"low": 0.1, "high": 0.4}},
        {"varient": "all"},
    ],
)
def test_unusable_sampling_options_are_refused(wrong):
    with pytest.raises(ValidationError):
        Sampling.model_validate(wrong)


@given(lat0=st.floats(-70, 70), lon0=st.floats(-180, 180), lat=st.floats(-80, 80), dlon=st.floats(-60, 60))
def test_projection_keeps_distance_and_azimuth(lat0, lon0, lat, dlon):
    east, north, turn = project(np.array([lat0]), np.array([lon0]), np.array([lat]), np.array([lon0 + dlon]))
    a, b, d = np.radians(lat0), np.radians(lat), np.radians(dlon)
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(d / 2) ** 2
    great_circle = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h))
    assert np.hypot(east, north)[0, 0] == pytest.approx(great_circle, rel=1e-9, abs=1e-3)
    if great_circle > 1:
        azimuth = np.arctan2(np.sin(d) * np.cos(b), np.cos(a) * np.sin(b) - np.sin(a) * np.cos(b) * np.cos(d))
        gap = np.arctan2(east, north)[0, 0] - azimuth
        assert abs((gap + np.pi) % (2 * np.pi) - np.pi) < 1e-6
    # The way back leaves the station in the opposite of the outward direction.
    back_east, back_north, back_turn = project(
        np.array([lat]), np.array([lon0 + dlon]), np.array([lat0]), np.array([lon0])
    )
    if great_circle > 1e3:
        out = np.arctan2(east, north)[0, 0] - turn[0, 0]
        back = np.arctan2(back_east, back_north)[0, 0]
        assert abs(((out - back) % (2 * np.pi)) - np.pi) < 1e-6
        assert abs((turn + back_turn)[0, 0]) < 1e-6


def test_vectors_are_turned_by_the_meridian_convergence():
    """A radial vector on the map stays radial: it points away from the source at the station."""
    lat, lon = np.array([41.0]), np.array([139.0])
    east, north, turn = project(np.array([36.0]), np.array([146.0]), lat, lon)
    radial = np.stack([east, north, np.zeros_like(east)], -1) / np.hypot(east, north)[..., None]
    turned = to_station_frame(radial, turn)[0, 0]
    b_east, b_north, _ = project(lat, lon, np.array([36.0]), np.array([146.0]))
    towards = np.array([b_east[0, 0], b_north[0, 0]]) / np.hypot(b_east, b_north)[0, 0]
    np.testing.assert_allclose(turned[:2], -towards, atol=1e-12)
    # Convergence is close to the longitude difference times the sine of the mean latitude.
    assert abs(np.degrees(turn[0, 0])) == pytest.approx(7 * np.sin(np.radians(38.5)), rel=0.02)


def test_exact_angles():
    degrees = np.array([-180.0, -90.0, 0.0, 90.0, 180.0, 270.0, 360.0, 450.0])
    np.testing.assert_array_equal(cosd(degrees), [-1, 0, 1, 0, -1, 0, 1, 0])
    np.testing.assert_array_equal(sind(degrees), [0, -1, 0, 1, 0, -1, 0, 1])
    some = np.random.default_rng(0).uniform(-720, 720, 1000)
    np.testing.assert_allclose(cosd(some), np.cos(np.radians(some)), atol=3e-15)
    np.testing.assert_allclose(sind(some), np.sin(np.radians(some)), atol=3e-15)
