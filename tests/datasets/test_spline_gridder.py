"""Blocks, the spline in tension, and the gridder around them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.interpolate import RegularGridInterpolator

from slipbench.datasets.gridding.blocks import make_blocks
from slipbench.datasets.gridding.spline import Grid, SplineGridder, near_stations
from slipbench.datasets.gridding.tension import tension_operator

SHAPE = (24, 18)


def scattered(n=25, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, SHAPE[1] - 1, n), rng.uniform(0, SHAPE[0] - 1, n)


@pytest.mark.parametrize("tension", [0.0, 0.25, 0.7])
def test_operator_reproduces_planes(tension):
    x, y = scattered()
    gy, gx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    grid = tension_operator(x, y, SHAPE, tension) @ (1.5 - 0.2 * x + 3 * y)
    np.testing.assert_allclose(grid, (1.5 - 0.2 * gx + 3 * gy).ravel(), atol=1e-10)


def test_operator_is_exact_at_data_on_nodes():
    rng = np.random.default_rng(1)
    node = rng.choice(SHAPE[0] * SHAPE[1], 20, replace=False)
    y, x = np.divmod(node, SHAPE[1])
    matrix = tension_operator(x.astype(float), y.astype(float), SHAPE, 0.25)
    np.testing.assert_allclose(matrix[node], np.eye(20), atol=1e-10)


def test_equation_at_a_datum_holds_the_laplacian_seen_by_the_datum():
    """(1 - T) times the neighbours' Laplacians = (4 (1 - T) + T) times the one through the datum."""
    tension, (x, y) = 0.25, scattered(seed=2)
    keep = (x > 3) & (x < SHAPE[1] - 4) & (y > 3) & (y < SHAPE[0] - 4)
    x, y = x[keep], y[keep]
    z = np.random.default_rng(2).normal(size=len(x))
    plane = np.stack([np.ones(len(x)), x, y], axis=1)
    fit = np.linalg.lstsq(plane, z, rcond=None)[0]
    gy, gx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    u = (tension_operator(x, y, SHAPE, tension) @ z).reshape(SHAPE) - (fit[0] + fit[1] * gx + fit[2] * gy)
    lap = np.full(SHAPE, np.nan)
    lap[1:-1, 1:-1] = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]
    for xi, yi, zi in zip(x, y, z - plane @ fit, strict=True):
        j, i = round(xi), round(yi)
        sx, sy = (1 if xi >= j else -1), (1 if yi >= i else -1)
        points = [(-sx, sy), (-sx, 0), (0, -sy), (sx, -sy), (xi - j, yi - i)]
        rows = [[a, b, a * a / 2, a * b, b * b / 2] for a, b in points]
        rise = np.array([*(u[i + b, j + a] for a, b in points[:4]), zi]) - u[i, j]
        derivatives = np.linalg.solve(np.array(rows), rise)
        around = lap[i, j - 1] + lap[i, j + 1] + lap[i - 1, j] + lap[i + 1, j]
        left, right = (1 - tension) * around, (4 - 3 * tension) * (derivatives[2] + derivatives[4])
        assert left == pytest.approx(right, abs=1e-9)


def test_surface_passes_close_to_smooth_data():
    x, y = scattered(seed=2)
    z = np.sin(x / 5) + np.cos(y / 6)
    grid = (tension_operator(x, y, SHAPE, 0.25) @ z).reshape(SHAPE)
    back = RegularGridInterpolator((np.arange(SHAPE[0]), np.arange(SHAPE[1])), grid, "cubic")(np.c_[y, x])
    assert np.abs(back - z).max() < 0.02 * np.ptp(z)


def test_of_two_data_with_one_node_the_nearer_counts():
    x, y = np.array([5.1, 5.4, 12.0, 9.0]), np.array([7.1, 7.4, 15.0, 3.0])
    matrix = tension_operator(x, y, SHAPE, 0.25)
    both_planes = np.abs(matrix[:, [0, 1]]).max(axis=0)
    assert (both_planes > 0).all()  # the farther one still takes part in the plane
    lone = tension_operator(x[[0, 2, 3]], y[[0, 2, 3]], SHAPE, 0.25)
    z = 1 + 0.2 * x - 0.1 * y  # on a plane it cannot matter
    np.testing.assert_allclose(matrix @ z, lone @ z[[0, 2, 3]], atol=1e-10)


def test_a_datum_close_to_its_node_fixes_it():
    x, y = np.array([5.04, 12.3, 9.0, 3.0]), np.array([6.98, 15.2, 3.0, 18.0])
    z = np.array([1.0, -1.0, 0.5, 2.0])
    plane = np.stack([np.ones(4), x, y], axis=1)
    fit = np.linalg.lstsq(plane, z, rcond=None)[0]
    grid = (tension_operator(x, y, SHAPE, 0.25) @ z).reshape(SHAPE)
    assert grid[7, 5] - fit @ [1, 5, 7] == pytest.approx(z[0] - fit @ [1, x[0], y[0]], abs=1e-10)


@pytest.mark.parametrize("tension", [0.0, 0.25])
def test_surface_satisfies_the_equation_away_from_data(tension):
    x = np.array([3.0, 14.0, 8.0, 4.0, 12.0, 9.0, 6.0])
    y = np.array([4.0, 5.0, 18.0, 19.0, 14.0, 9.0, 12.0])
    z = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 2.0, 0.0])
    grid = (tension_operator(x, y, SHAPE, tension) @ z).reshape(SHAPE)
    # The spline is of the data less their best plane.
    plane = np.linalg.lstsq(np.stack([np.ones(7), x, y], axis=1), z, rcond=None)[0]
    gy, gx = np.mgrid[: SHAPE[0], : SHAPE[1]]
    u = grid - (plane[0] + plane[1] * gx + plane[2] * gy)

    def laplace(v):
        return v[:-2, 1:-1] + v[2:, 1:-1] + v[1:-1, :-2] + v[1:-1, 2:] - 4 * v[1:-1, 1:-1]

    lap = laplace(u)
    residual = (1 - tension) * laplace(lap) - tension * lap[1:-1, 1:-1]
    free = np.ones(residual.shape, bool)
    for j, i in zip(x.astype(int), y.astype(int), strict=True):
        free[i - 2, j - 2] = False
    np.testing.assert_allclose(residual[free], 0, atol=1e-11)
    assert np.abs(residual[~free]).min() > 1e-3
    if tension == 0:  # u_nn = 0 on the edge: the second difference tends to zero towards it
        edge, middle = np.abs(np.diff(u[5:-5], 2, axis=1)[:, 0]).max(), np.abs(np.diff(u, 2, axis=1)).max()
        assert edge < 0.3 * middle


def test_more_tension_overshoots_less():
    """Next to a step from 0 to 1 the surface swings beyond the data, less so with more tension."""
    y, x = (v.ravel().astype(float) for v in np.mgrid[2:24:4, 1:18:4])
    overshoot = []
    for tension in (0.0, 0.3, 0.9):
        grid = (tension_operator(x, y, SHAPE, tension) @ (x > 7)).reshape(SHAPE)
        overshoot.append(grid[4:20, 4:13].max() - 1)
    assert overshoot[0] > 0.05
    assert overshoot[0] > 1.5 * overshoot[1]
    assert overshoot[1] > overshoot[2]


def test_two_data_in_one_place_are_refused():
    with pytest.raises(ValueError, match="distinct"):
        tension_operator(np.array([3.0, 3.0]), np.array([4.0, 4.0]), SHAPE, 0.25)


def network(n=120, seed=3, grid=Grid()):  # noqa: B008
    rng = np.random.default_rng(seed)
    return (
        rng.uniform(grid.latitude[0], grid.latitude[-1], n),
        rng.uniform(grid.longitude[0], grid.longitude[-1], n),
    )


def test_default_grid_is_the_printed_one():
    g = Grid()
    assert (len(g.latitude), len(g.longitude)) == (76, 36)
    assert g.latitude[-1] == pytest.approx(41.25)
    assert np.ptp(g.longitude) == pytest.approx(7 * 25 / 60)
    assert np.ptp(g.latitude) == pytest.approx(15 * 25 / 60)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 1000))
def test_block_reduction_equals_the_slow_way(n, seed):
    rng = np.random.default_rng(seed)
    lon, lat, values = rng.uniform(0, 2, n), rng.uniform(0, 3, n), rng.normal(size=(2, n))
    blocks = make_blocks(lon, lat, (0.0, 0.0), 0.5, "median")
    groups: dict[tuple, list[int]] = {}
    for k in range(n):
        groups.setdefault((int(np.floor(lat[k] / 0.5 + 0.5)), int(np.floor(lon[k] / 0.5 + 0.5))), []).append(
            k
        )
    members = [groups[key] for key in sorted(groups)]
    np.testing.assert_allclose(blocks.lon, [np.median(lon[m]) for m in members])
    np.testing.assert_allclose(
        blocks.reduce(values, "median"), np.stack([np.median(values[:, m], 1) for m in members], 1)
    )
    np.testing.assert_allclose(
        blocks.reduce(values, "mean"), np.stack([values[:, m].mean(1) for m in members], 1)
    )


def test_gridder_is_linear_with_block_means_and_robust_with_medians():
    lat, lon = network()
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, len(lat)))
    mean = SplineGridder(Grid(block="mean")).fit(lat, lon)
    np.testing.assert_allclose(
        mean.transform(2 * a - 3 * b), 2 * mean.transform(a) - 3 * mean.transform(b), atol=1e-10
    )
    median = SplineGridder(Grid()).fit(lat, lon)
    np.testing.assert_allclose(median.transform(4 * a), 4 * median.transform(a), atol=1e-10)
    crowded = median.blocks_.members[np.argmax(median.blocks_.count)]
    assert (crowded >= 0).sum() >= 3
    outlier = np.zeros(len(lat))
    outlier[crowded[0]] = 1e6
    assert np.abs(median.transform(outlier)).max() == 0
    assert np.abs(mean.transform(outlier)).max() > 1e4


def test_sea_is_zero_and_land_is_near_stations():
    lat, lon = network(30)
    g = SplineGridder(Grid()).fit(lat, lon)
    grid = g.transform(np.full((2, 30), 7.0))
    assert grid.shape == (2, 76, 36)
    np.testing.assert_allclose(grid[:, g.land_], 7.0, atol=1e-9)
    assert (grid[:, ~g.land_] == 0).all()
    assert 0 < g.land_.sum() < g.land_.size
    one = near_stations(Grid(land_km=30), np.array([38.0]), np.array([140.5]))
    rows, columns = np.nonzero(one)
    height = (rows.max() - rows.min()) * 5 / 60 * 111.19
    width = (columns.max() - columns.min()) * 5 / 60 * 111.19 * np.cos(np.radians(38))
    assert 45 < height <= 60
    assert 45 < width <= 60


def test_missing_stations_get_an_operator_of_their_own():
    lat, lon = network(80)
    values = np.random.default_rng(0).normal(size=(4, 80))
    values[1, :10] = np.nan
    values[2] = np.nan
    full = SplineGridder(Grid()).fit(lat, lon)
    out = full.transform(values)
    without = SplineGridder(Grid()).fit(lat[10:], lon[10:], land=full.land_)
    np.testing.assert_allclose(out[1], without.transform(values[1, 10:]), atol=1e-10)
    np.testing.assert_allclose(out[[0, 3]], full.transform(values[[0, 3]]), atol=1e-10)
    assert np.isnan(out[2][full.land_]).all()
    assert (out[2][~full.land_] == 0).all()


def test_a_smooth_field_is_recovered():
    lat, lon = network(300)
    g = SplineGridder(Grid()).fit(lat, lon)

    def field(la, lo):
        return np.sin((la - 35) * 1.5) + np.cos((lo - 139) * 2)

    grid = g.transform(field(lat, lon))
    truth = field(*np.meshgrid(g.grid.latitude, g.grid.longitude, indexing="ij"))
    assert (grid - truth)[g.land_].std() < 0.1 * truth.std()


def test_stations_outside_the_grid_are_refused():
    with pytest.raises(ValueError, match="inside the grid"):
        SplineGridder(Grid()).fit(np.array([30.0]), np.array([140.0]))
    with pytest.raises(ValidationError):
        Grid(tension=1.0)
