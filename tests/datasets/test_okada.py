"""Okada (1985): printed check list, 50-digit evaluation of the printed formulas, physics identities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.physics import okada, okada_numpy
from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada import Sources, displacement
from slipbench.datasets.physics.okada_numpy import okada85

from .okada_float32 import errors
from .okada_oracle import cases, exact, sources

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


ORACLE = list(cases())


def relative_error(got, want):
    """Greatest error of each source over its greatest displacement; both (n, m, 3)."""
    return (np.abs(got - want).max(axis=(1, 2)) / np.abs(want).max(axis=(1, 2))).max()


@pytest.mark.parametrize("first", range(0, len(ORACLE), 10))
def test_matches_50_digits(first):
    """Compiled kernel and NumPy, 3 kinds of slip on each of 220 rectangles, within 1e-10 of the maximum."""
    for case, stations in ORACLE[first : first + 10]:
        want = exact(case, stations)
        for of in (displacement, okada_numpy.displacement):
            assert relative_error(of(sources(case), *stations.T), want) <= 1e-10, (of.__module__, case)


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


def mixed(n, seed=11, **fixed):
    """Random sources at the origin, 1 m of slip and 0.3 m of opening, tops 0.1 to 50 km deep."""
    rng = np.random.default_rng(seed)
    dip = np.full(n, fixed.get("dip", 0.0)) if "dip" in fixed else rng.uniform(0, 90, n)
    length = rng.uniform(10e3, 200e3, n)
    depth = length / 4 * sind(dip) + rng.uniform(100, 50e3, n)
    zero, strike, rake = np.zeros(n), rng.uniform(0, 360, n), rng.uniform(-180, 180, n)
    return Sources(zero, zero, depth, strike, dip, rake, length, length / 2, zero + 1, zero + 0.3)


needs_compiled = pytest.mark.skipif(okada.kernel() == "numpy", reason="built without a compiler")


@needs_compiled
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_instruction_sets_agree_to_the_last_bit(dtype):
    sources_, (east, north) = mixed(60), np.random.default_rng(2).uniform(-3e5, 3e5, (2, 301))
    best = displacement(sources_, east, north, dtype=dtype)
    assert best.dtype == dtype
    for i, _ in enumerate(okada.instruction_sets()):
        np.testing.assert_array_equal(okada.compiled(sources_, east, north, 0.25, np.dtype(dtype), i), best)


@needs_compiled
@settings(max_examples=20, deadline=None)
@given(m=st.integers(1, 600), seed=st.integers(0, 99))
def test_a_station_does_not_depend_on_its_place(m, seed):
    """Vector lanes, buffers and the filling at the end of a row leave no trace."""
    rng = np.random.default_rng(seed)
    east, north = rng.uniform(-3e5, 3e5, (2, m))
    order = rng.permutation(m)
    whole = displacement(mixed(2, seed), east, north)
    np.testing.assert_array_equal(displacement(mixed(2, seed), east[order], north[order]), whole[:, order])
    one_by_one = [displacement(mixed(2, seed), east[i : i + 1], north[i : i + 1]) for i in order[:5]]
    np.testing.assert_array_equal(np.concatenate(one_by_one, axis=1), whole[:, order[:5]])


def test_singular_stations_are_worked_out_by_their_limits():
    """On the edge and the corners of a vertical and a flat fault that lie in the surface."""
    size = 1e4
    for dip, depth in ((90.0, size / 2), (0.0, 0.0)):
        source = one(dip=dip, rake=30, strike=0, depth=depth, width=size, length=size, opening=1.0)
        up = size / 2 * cosd(dip)  # left of strike is west
        on = np.array([[-up, y] for y in (-size / 2, size / 2, 0.0, size, -size)] + [[1e3, 2e3], [4e4, 0.0]])
        got = displacement(source, on[:, 0], on[:, 1])
        assert np.isfinite(got).all()
        want = okada_numpy.displacement(source, on[:, 0], on[:, 1])
        np.testing.assert_allclose(got, want, atol=1e-9 * np.abs(want).max())


def test_the_fallback_is_used_without_the_compiled_kernel(monkeypatch):
    monkeypatch.setattr(okada, "_okada", None)
    assert okada.kernel() == "numpy"
    assert okada.instruction_sets() == ()
    want = okada_numpy.displacement(mixed(3), GRID[:, 0], GRID[:, 1])
    np.testing.assert_array_equal(displacement(mixed(3), GRID[:, 0], GRID[:, 1]), want)
    assert displacement(mixed(3), GRID[:, 0], GRID[:, 1], dtype=np.float32).dtype == np.float32


def test_wrong_shapes_and_precisions_are_refused():
    with pytest.raises(ValueError, match="stations of shape"):
        displacement(mixed(3), np.zeros((2, 4)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="float64 or float32"):
        displacement(mixed(3), np.zeros(4), np.zeros(4), dtype=np.float16)


def test_fortran_dc3d_agrees():
    """Okada's own program (1992): single precision at its interface, digits lost where R + xi is small."""
    dc3d = pytest.importorskip("okada_wrapper").dc3dwrapper
    rng = np.random.default_rng(1992)
    for _ in range(40):
        dip, length, width = rng.uniform(0, 90), *rng.uniform(3, 30, 2)
        case = (width / 2 * sind(dip) + rng.uniform(2, 20), dip, length, width)
        stations = rng.normal(0, 25, (8, 2))
        got = displacement(sources(case), *stations.T)
        half = [-length / 2, length / 2], [-width / 2, width / 2]
        for kind, slip in enumerate(np.eye(3)):
            want = np.array([dc3d(2 / 3, [*at, 0.0], case[0], dip, *half, slip)[1] for at in stations])
            assert np.abs(got[kind] - want).max() <= 2e-5 * np.abs(want).max()


@needs_compiled
@pytest.mark.parametrize("size", [0.001, 0.1, 1.0])
def test_a_tiny_deep_fault_keeps_its_digits(size):
    """Where the closed form cancels to nothing, point sources take over."""
    stations = np.array([[0.0, 0.0], [100.0, -40.0], [-300.0, 500.0], [size / 2, 2000.0]])
    for dip in (0.0, 10.0, 45.0, 90.0):
        case = (300.0, dip, size, 0.7 * size)
        assert relative_error(displacement(sources(case), *stations.T), exact(case, stations)) <= 1e-10


@needs_compiled
def test_float32_keeps_the_digits_that_its_docstring_says():
    own, greatest = errors(n=500)
    assert own.size == 150_000
    assert (np.percentile(own, (50, 90, 99, 99.9)) <= (2e-7, 2e-6, 1e-5, 4e-5)).all()
    assert own.max() <= 2e-3
    assert greatest.max() <= 2e-5
