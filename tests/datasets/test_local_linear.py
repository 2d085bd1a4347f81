import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes, ground_distance
from slipbench.datasets.gridding.thin import thin_factors

SIGMA = 8 * 0.48 * 111_194.9


def naive(values, lat, lon, node_lat, node_lon, sigma):
    """Equations 5-17, node by node and day by day, by weighted least squares where it is determined."""
    out = np.full((len(values), len(node_lat), len(node_lon), values.shape[2]), np.nan)
    fallbacks = np.zeros(len(values), int)
    for t, day in enumerate(values):
        here = np.isfinite(day).all(axis=1)
        if not here.any():
            continue
        p = np.column_stack([lat, lon])[here]
        for i, g_lat in enumerate(node_lat):
            for j, g_lon in enumerate(node_lon):
                w = np.exp(-(ground_distance(g_lat, g_lon, p[:, 0], p[:, 1]) ** 2) / (2 * sigma**2))
                w = w / w.sum()
                v_mean, mu = w @ day[here], w @ p
                centred = p - mu
                cov = (w[:, None] * centred).T @ centred
                if np.linalg.matrix_rank(cov, tol=1e-7 * max(np.trace(cov), 1e-9), hermitian=True) < 2:
                    out[t, i, j] = v_mean
                    fallbacks[t] += 1
                else:
                    gradient = np.linalg.solve(cov, (w[:, None] * centred).T @ (day[here] - v_mean))
                    out[t, i, j] = v_mean + (np.array([g_lat, g_lon]) - mu) @ gradient
    return out, fallbacks


@pytest.fixture
def geometry():
    rng = np.random.default_rng(1)
    return rng.uniform(31, 43, 12), rng.uniform(130, 144, 12), grid_nodes(22, 46, 9), grid_nodes(123, 148, 7)


def test_equals_the_naive_form_with_gaps(geometry):
    lat, lon, rows, columns = geometry
    rng = np.random.default_rng(2)
    values = rng.normal(0, 10, (15, 12, 3))
    values[rng.random((15, 12)) < 0.4] = np.nan
    values[3, :, 1] = np.nan  # no station at all
    values[4, 1:] = np.nan  # one station
    values[5, 2:] = np.nan  # two stations are a line
    values[4, 0], values[5, :2] = 7.0, [[1, 2, 3], [4, 5, 6]]
    grid, fallbacks = LocalLinear(SIGMA).fit(*geometry).transform(values)
    expected, expected_fallbacks = naive(values, lat, lon, rows, columns, SIGMA)
    assert np.isnan(grid[3]).all()
    assert fallbacks[3] == 0
    np.testing.assert_array_equal(fallbacks, expected_fallbacks)
    assert fallbacks[4] == fallbacks[5] == 9 * 7
    np.testing.assert_allclose(grid[4], 7.0)
    np.testing.assert_allclose(grid, expected, rtol=1e-8, atol=1e-8)


def test_reproduces_a_plane_even_outside_the_network(geometry):
    lat, lon, rows, columns = geometry
    plane = np.stack([2 + 0.5 * lat - 0.3 * lon, -lat, lon * 0 + 4], axis=-1)[None]
    grid, fallbacks = LocalLinear(SIGMA).fit(*geometry).transform(plane)
    la, lo = np.meshgrid(rows, columns, indexing="ij")
    np.testing.assert_allclose(grid[0], np.stack([2 + 0.5 * la - 0.3 * lo, -la, la * 0 + 4], -1), atol=1e-8)
    assert fallbacks.sum() == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-100, 100))
def test_is_linear_in_the_values_of_a_day(seed, factor):
    rng = np.random.default_rng(seed)
    gridder = LocalLinear(SIGMA).fit(
        rng.uniform(31, 43, 6), rng.uniform(130, 144, 6), grid_nodes(30, 44, 4), grid_nodes(130, 145, 4)
    )
    x, y = rng.normal(size=(2, 1, 6, 3))
    both, _ = gridder.transform(factor * x + y)
    one, _ = gridder.transform(x)
    other, _ = gridder.transform(y)
    np.testing.assert_allclose(both, factor * one + other, rtol=1e-6, atol=1e-6 * (1 + np.abs(both).max()))


def test_days_do_not_touch_each_other(geometry, monkeypatch):
    values = np.random.default_rng(3).normal(size=(20, 12, 3))
    values[7, :5] = np.nan
    whole, _ = LocalLinear(SIGMA).fit(*geometry).transform(values)
    monkeypatch.setattr("slipbench.datasets.gridding.local_linear._BLOCK_BYTES", 1)
    one_by_one, _ = LocalLinear(SIGMA).fit(*geometry).transform(values)
    np.testing.assert_allclose(whole, one_by_one, rtol=1e-10, atol=1e-12)


def test_a_tiny_sigma_is_the_nearest_station_and_never_nan(geometry):
    lat, lon, rows, columns = geometry
    values = np.random.default_rng(4).normal(size=(1, 12, 1))
    grid, fallbacks = LocalLinear(100.0).fit(*geometry).transform(values)
    la, lo = np.meshgrid(rows, columns, indexing="ij")
    nearest = ground_distance(la[..., None], lo[..., None], lat, lon).argmin(axis=-1)
    np.testing.assert_allclose(grid[0, ..., 0], values[0, nearest, 0])
    assert fallbacks[0] == 63


def test_nodes_and_distance():
    nodes = grid_nodes(22, 46, 50)
    assert nodes[0] == 22
    assert nodes[-1] == pytest.approx(46 - 0.48)
    assert ground_distance(0.0, 0.0, 0.0, 180.0) == pytest.approx(np.pi * 6_371_000)
    assert ground_distance(35.0, 139.0, 36.0, 139.0) == pytest.approx(111_194.93, abs=0.01)


@pytest.mark.parametrize("lat", [[], [np.nan, 35.0]])
def test_bad_geometry(lat):
    with pytest.raises(InputError, match="stations"):
        LocalLinear(SIGMA).fit(np.array(lat), np.array(lat), np.arange(3.0), np.arange(3.0))


def test_thin_factors_of_a_large_network_change_nothing():
    """Few, clustered or no stations are summed with the weights themselves."""
    rng = np.random.default_rng(8)
    lat, lon = rng.uniform(31, 45, 900), rng.uniform(130, 146, 900)
    thin = LocalLinear(SIGMA).fit(lat, lon, grid_nodes(22, 46, 40), grid_nodes(123, 148, 40))
    whole = LocalLinear(SIGMA).fit(lat, lon, grid_nodes(22, 46, 40), grid_nodes(123, 148, 40))
    assert thin._thin is not None
    whole._thin = None
    values = rng.normal(0, 10, (9, 900, 2))
    for day, share in ((1, 0.1), (2, 0.6), (3, 0.99), (4, 0.998)):
        values[day, rng.random(900) < share] = np.nan
    values[5, lat > 34] = np.nan  # the north is missing
    values[6, np.hypot(lat - 40, lon - 140) > 1] = np.nan  # only a cluster
    values[7] = np.nan
    values[8, 1:] = np.nan
    (got, fallbacks), (expected, expected_fallbacks) = thin.transform(values), whole.transform(values)
    np.testing.assert_array_equal(fallbacks, expected_fallbacks)
    assert np.isnan(got[7]).all()
    for day in (0, 1, 2, 3, 4, 5, 6, 8):
        np.testing.assert_allclose(got[day], expected[day], rtol=0, atol=1e-10 * (np.ptp(expected[day]) + 1))
    sure = thin._regress(values, thin._thin)[2]
    assert sure[:3].all()
    assert not sure[[6, 7, 8]].any()
    assert np.abs(got[:3] - expected[:3]).max() > 0  # another way indeed


def test_thin_factors_are_as_accurate_as_asked():
    x, y = np.linspace(0, 1, 700)[:, None], np.linspace(0, 1, 500)
    smooth = np.exp(-((x - y) ** 2) / 0.02)
    factors = thin_factors(smooth, 1e-12)
    assert factors is not None
    left, right = factors
    assert left.shape[1] < 200
    np.testing.assert_allclose(left @ right, smooth, rtol=0, atol=1e-12)
    assert thin_factors(np.random.default_rng(0).normal(size=(300, 300)), 1e-12) is None  # nothing smooth
