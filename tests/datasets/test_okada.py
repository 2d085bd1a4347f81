"""Okada (1985): printed check list, 50-digit evaluation of the printed formulas, physics identities."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada import Sources, displacement, okada85

# Okada (1985), table 2, cases 2-4 (finite fault, L = 3, W = 2): strike, dip, tensile.
TABLE_2 = {
    (2.0, 3.0, 4.0, 70.0): [
        (-8.689e-3, -4.298e-3, -2.747e-3),
        (-4.682e-3, -3.527e-2, -3.564e-2),
        (-2.660e-4, 1.056e-2, 3.214e-3),
    ],
    (0.0, 0.0, 4.0, 90.0): [(0, 5.253e-3, 0), (0, 0, 0), (1.223e-2, 0, -1.606e-2)],
    (0.0, 0.0, 4.0, -90.0): [(0, -1.303e-3, 0), (0, 0, 0), (3.507e-3, 0, -7.740e-3)],
}


@pytest.mark.parametrize("case", TABLE_2)
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_printed_check_list(case, kind):
    x, y, d, dip = case
    got = okada85(x, y, d, dip, 3.0, 2.0, *np.eye(3)[kind])
    for value, printed in zip(got, TABLE_2[case][kind], strict=True):
        assert f"{float(value):.3e}".replace("-0.000", "0.000") == f"{printed:.3e}"


def printed_formulas(x, y, d, dip, length, width, slip, k):
    """Equations 25-30 of Okada (1985) as printed, with mpmath numbers."""
    x, y, d, length, width = map(mp.mpf, (x, y, d, length, width))
    sin, cos = mp.sin(mp.radians(mp.mpf(dip))), mp.cos(mp.radians(mp.mpf(dip)))
    vertical = dip == 90
    if vertical:
        sin, cos = mp.mpf(1), mp.mpf(0)
    p, q = y * cos + d * sin, y * sin - d * cos

    def corner(xi, eta):
        r, big_x = mp.sqrt(xi**2 + eta**2 + q**2), mp.sqrt(xi**2 + q**2)
        yt, dt = eta * cos + q * sin, eta * sin - q * cos
        theta = mp.atan(xi * eta / (q * r)) if q else mp.mpf(0)
        log = mp.log(r + eta)
        if vertical:
            i1 = -k / 2 * xi * q / (r + dt) ** 2
            i3 = k / 2 * (eta / (r + dt) + yt * q / (r + dt) ** 2 - log)
            i4, i5 = -k * q / (r + dt), -k * xi * sin / (r + dt)
        else:
            i4 = k / cos * (mp.log(r + dt) - sin * log)
            i5 = mp.mpf(0)
            if xi:
                top = eta * (big_x + q * cos) + big_x * (r + big_x) * sin
                i5 = k * 2 / cos * mp.atan(top / (xi * (r + big_x) * cos))
            i3 = k * (yt / (cos * (r + dt)) - log) + sin / cos * i4
            i1 = -k * xi / (cos * (r + dt)) - sin / cos * i5
        i2 = -k * log - i3
        a, b = q / (r * (r + eta)), q / (r * (r + xi)) if r + xi else mp.mpf(0)
        strike = (xi * a + theta + i1 * sin, yt * a + q * cos / (r + eta) + i2 * sin,
                  dt * a + q * sin / (r + eta) + i4 * sin)  # fmt: skip
        dips = (q / r - i3 * sin * cos, yt * b + cos * theta - i1 * sin * cos,
                dt * b + sin * theta - i5 * sin * cos)  # fmt: skip
        tensile = (q * a - i3 * sin**2, -dt * b - sin * (xi * a - theta) - i1 * sin**2,
                   yt * b + cos * (xi * a - theta) - i5 * sin**2)  # fmt: skip
        return [
            -slip[0] * s - slip[1] * t + slip[2] * n for s, t, n in zip(strike, dips, tensile, strict=True)
        ]

    corners = [corner(x, p), corner(x, p - width), corner(x - length, p), corner(x - length, p - width)]
    return [(c0 - c1 - c2 + c3) / (2 * mp.pi) for c0, c1, c2, c3 in zip(*corners, strict=True)]


def oracle_cases():
    rng = np.random.default_rng(1985)
    dips = [0.0, 90.0, 89.9999, 89.99, 89.0, 60.0, 45.0, 20.0, 1.0, 1e-4]
    dips += list(rng.uniform(0, 90, 50))
    for dip in dips:
        length, width = rng.uniform(0.5, 60), rng.uniform(0.5, 30)
        d = width * np.sin(np.radians(dip)) * (1 + 1e-6) + rng.choice([1e-3, 0.5, 20.0])
        tan = np.tan(np.radians(dip))
        stations = [
            (0.0, rng.normal(0, 20)),  # above the left end: xi = 0
            (length, rng.normal(0, 20)),  # above the right end
            (length / 2, -d / tan if 1 < dip < 89 else 0.0),  # straight up from the reference edge
            (length / 3, d / tan if dip > 1 else d),  # where the fault's plane meets the surface: q ~ 0
            (-5.0, width * np.cos(np.radians(dip))),  # above the upper edge's line
            (length + 400.0, -300.0),  # far
            tuple(rng.normal(0, 30, 2)),
        ]
        yield dip, length, width, d, stations


@pytest.mark.parametrize("case", list(oracle_cases()), ids=lambda c: f"dip{c[0]:.4f}")
def test_matches_50_digits(case):
    dip, length, width, d, stations = case
    poisson = 0.25
    with mp.workdps(50):
        for slip in np.eye(3):
            want = np.array(
                [
                    [float(v) for v in printed_formulas(x, y, d, dip, length, width, slip, mp.mpf(1) / 2)]
                    for x, y in stations
                ]
            )
            x, y = np.array(stations).T
            got = np.stack(okada85(x, y, d, dip, length, width, *slip, poisson), axis=-1)
            assert np.abs(got - want).max() <= 1e-10 * np.abs(want).max()


def one(dip=30.0, rake=90.0, strike=20.0, depth=2e4, length=2e4, width=1e4, slip=1.0, opening=0.0, at=(0, 0)):
    return Sources(
        *(np.array([float(v)]) for v in (*at, depth, strike, dip, rake, length, width, slip, opening))
    )


GRID = np.stack(np.meshgrid(np.linspace(-9e4, 9e4, 19), np.linspace(-9e4, 9e4, 19)), -1).reshape(-1, 2)


def test_vertical_strike_slip_is_antisymmetric():
    u = displacement(one(dip=90, rake=0, strike=0), GRID[:, 0], GRID[:, 1])[0]
    mirrored = displacement(one(dip=90, rake=0, strike=0), -GRID[:, 0], GRID[:, 1])[0]
    peak = np.abs(u).max()
    np.testing.assert_allclose(u[:, 1], -mirrored[:, 1], atol=1e-13 * peak)  # fault-parallel: odd
    np.testing.assert_allclose(u[:, 0], mirrored[:, 0], atol=1e-13 * peak)  # fault-normal: even
    np.testing.assert_allclose(u[:, 2], -mirrored[:, 2], atol=1e-13 * peak)


def test_thrust_lifts_the_hanging_wall():
    """Strike north, dip to the east: the ground east of the trace rises and moves west."""
    u = displacement(one(strike=0, dip=30, depth=2.6e3, width=1e4), np.array([0.0]), np.array([0.0]))[0, 0]
    assert u[2] > 0.1
    assert u[0] < -0.1


def test_left_lateral_sign():
    """Rake 0 on a north-striking fault: the east side (hanging wall) moves north."""
    u = displacement(one(strike=0, dip=90, rake=0, depth=6e3), np.array([8e3, -8e3]), np.zeros(2))[0]
    assert u[0, 1] > 0 > u[1, 1]


@settings(max_examples=40, deadline=None)
@given(
    dip=st.floats(0, 90),
    rake=st.floats(-180, 180),
    strike=st.floats(0, 360),
    factor=st.floats(-50, 50),
    turn=st.floats(0, 360),
)
def test_linear_in_slip_and_turns_with_the_map(dip, rake, strike, factor, turn):
    u = displacement(one(dip, rake, strike), GRID[:, 0], GRID[:, 1])[0]
    scaled = displacement(one(dip, rake, strike, slip=factor), GRID[:, 0], GRID[:, 1])[0]
    peak = np.abs(u).max()
    np.testing.assert_allclose(scaled, factor * u, atol=1e-12 * peak * max(1, abs(factor)))
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    clockwise = np.array([[c, s], [-s, c]])
    there = GRID @ clockwise.T
    turned = displacement(one(dip, rake, strike + turn), there[:, 0], there[:, 1])[0]
    np.testing.assert_allclose(turned[:, :2], u[:, :2] @ clockwise.T, atol=1e-10 * peak)
    np.testing.assert_allclose(turned[:, 2], u[:, 2], atol=1e-10 * peak)


@pytest.mark.parametrize("dip", [0.0, 33.0, 90.0])
@pytest.mark.parametrize("rake", [0.0, 90.0])
def test_sub_faults_add_up(dip, rake):
    length, width, depth = 4e4, 2e4, 2.5e4
    whole = displacement(one(dip, rake, 0.0, depth, length, width, opening=0.3), GRID[:, 0], GRID[:, 1])[0]
    i, j = np.meshgrid([-1.5, -0.5, 0.5, 1.5], [-0.5, 0.5])
    down = (j * width / 2).ravel()
    n = down.size
    parts = Sources(
        east=down * cosd(dip),
        north=(i * length / 4).ravel(),
        depth=depth + down * sind(dip),
        strike=np.zeros(n),
        dip=np.full(n, dip),
        rake=np.full(n, rake),
        length=np.full(n, length / 4),
        width=np.full(n, width / 2),
        slip=np.ones(n),
        opening=np.full(n, 0.3),
    )
    total = displacement(parts, GRID[:, 0], GRID[:, 1]).sum(axis=0)
    np.testing.assert_allclose(total, whole, atol=1e-12 * np.abs(whole).max())


def point_source(x, y, d, dip, slip, k):
    """Surface displacement of a point dislocation per unit area (Okada 1985, equations 8-10)."""
    s, c = np.sin(np.radians(dip)), np.cos(np.radians(dip))
    p, q, r = y * c + d * s, y * s - d * c, np.sqrt(x**2 + y**2 + d**2)
    i1 = k * y * (1 / (r * (r + d) ** 2) - x**2 * (3 * r + d) / (r**3 * (r + d) ** 3))
    i2 = k * x * (1 / (r * (r + d) ** 2) - y**2 * (3 * r + d) / (r**3 * (r + d) ** 3))
    i3 = k * x / r**3 - i2
    i4 = -k * x * y * (2 * r + d) / (r**3 * (r + d) ** 2)
    i5 = k * (1 / (r * (r + d)) - x**2 * (2 * r + d) / (r**3 * (r + d) ** 2))
    g = 3 / r**5
    xyz = np.stack([x, y, np.full_like(x, d)])
    strike = -(g * x * q * xyz + s * np.stack([i1, i2, i4]))
    dips = -(g * p * q * xyz - s * c * np.stack([i3, i1, i5]))
    tensile = g * q * q * xyz - s * s * np.stack([i3, i1, i5])
    return (slip[0] * strike + slip[1] * dips + slip[2] * tensile) / (2 * np.pi)


@pytest.mark.parametrize("dip", [0.0, 25.0, 70.0, 90.0])
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_small_fault_is_a_point_source(dip, kind):
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 30, (2, 200))
    d, size, slip = 20.0, 0.4, np.eye(3)[kind]
    want = point_source(x, y, d, dip, slip, 0.5) * size * size
    half = size / 2
    got = np.stack(
        okada85(
            x + half,
            y + half * np.cos(np.radians(dip)),
            d + half * np.sin(np.radians(dip)),
            dip,
            size,
            size,
            *slip,
        )
    )
    assert np.abs(got - want).max() < 1e-3 * np.abs(want).max()


def test_a_station_row_per_source_equals_one_by_one():
    rng = np.random.default_rng(7)
    n, m = 5, 11
    low = [-1e4, -1e4, 3e4, 0, 0, -180, 1e3, 1e3, 0, 0]
    high = [1e4, 1e4, 5e4, 360, 90, 180, 2e4, 2e4, 3, 1]
    fields = list(rng.uniform(low, high, (n, 10)).T)
    east, north = rng.normal(0, 1e5, (2, n, m))
    batch = displacement(Sources(*fields), east, north)
    for i in range(n):
        alone = displacement(Sources(*(f[i : i + 1] for f in fields)), east[i], north[i])[0]
        np.testing.assert_array_equal(batch[i], alone)


def test_a_fault_above_the_surface_is_refused():
    with pytest.raises(ValueError, match="above the surface"):
        displacement(one(depth=1e3, width=2e4), GRID[:, 0], GRID[:, 1])


def test_a_fault_that_just_reaches_the_surface_is_finite_everywhere():
    width = 1e4
    source = one(dip=90, rake=0, strike=0, depth=width / 2, width=width, length=2e4, opening=1.0)
    on_edge = np.array([[0.0, 0.0], [0.0, 1e4], [0.0, -1e4], [0.0, 2e4]])
    assert np.isfinite(displacement(source, on_edge[:, 0], on_edge[:, 1])).all()
