"""Both gridders: fields and days a second on one thread, beside their peers and their plain forms."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch

from slipbench.benchmarks.speed.gridding_peers import peers
from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.gridding.grid import Grid
from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes
from slipbench.datasets.gridding.local_linear_torch import LocalLinearTorch
from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.gridding.spline_torch import SplineTorch
from slipbench.datasets.gridding.tension import tension_operator
from slipbench.datasets.physics.distance import ground_distance

N_STATIONS, N_FIELDS, N_SETS, MISSING = 300, 512, 32, 0.1
N_DAILY, N_DAYS, N_NODES = 1300, 64, 50


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_blas_thread():
            yield
    finally:
        torch.set_num_threads(threads)


def rows() -> list[Row]:
    """The spline on a fixed network and on one with gaps, then local linear regression."""
    with _one_thread():
        # The peers come last: verde's numba gives torch more threads again.
        return [*_with_gaps(1), *_with_gaps(17), *_regression(), *_fixed()]


def _network(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    lat = rng.uniform(grid.latitude[0], grid.latitude[-1], N_STATIONS)
    return lat, rng.uniform(grid.longitude[0], grid.longitude[-1], N_STATIONS)


def _fixed() -> Iterator[Row]:
    grid = Grid()
    lat, lon = _network(grid)
    gridder = SplineGridder(grid).fit(lat, lon)
    values = np.random.default_rng(1).normal(size=(N_FIELDS, N_STATIONS))
    what = f"spline in tension, {N_STATIONS} stations to {grid.rows} x {grid.columns}"
    ours = partial(gridder.transform, values)
    single = SplineTorch(gridder), torch.tensor(values, dtype=torch.float32)
    double = SplineTorch(gridder, torch.float64), torch.tensor(values)
    took = alternating(ours, *(partial(module, x) for module, x in (double, single)))
    for name, t in zip(("NumPy float64", "torch CPU float64", "torch CPU float32"), took, strict=True):
        yield Row(f"{what}, {name}", N_FIELDS / t, "fields/s")
    with tempfile.TemporaryDirectory() as folder:
        for peer in peers(lat, lon, values, grid, Path(folder)):
            if peer.call is None:
                yield Row(f"{what}, NumPy float64", N_FIELDS / took[0], "fields/s", peer.name)
                continue
            mine, theirs, *start = alternating(ours, peer.call, *([peer.start] if peer.start else []))
            rate = N_FIELDS / mine
            yield Row(f"{what}, NumPy float64", rate, "fields/s", peer.name, rate * theirs / peer.fields)
            for begun in start:
                work = max(theirs - begun, 0.0)
                name = f"{peer.name}, without the start of its processes"
                yield Row(f"{what}, NumPy float64", rate, "fields/s", name, rate * work / peer.fields)


def _with_gaps(fields: int) -> Iterator[Row]:
    grid = Grid()
    lat, lon = _network(grid)
    gridder = SplineGridder(grid).fit(lat, lon)
    system, _ = gridder.gaps_.solvers()
    rng = np.random.default_rng(2)
    batches = [_gappy(rng, fields) for _ in range(20)]  # a new one each time, so that no set is seen twice
    one = batches[0][0]
    there = ~np.isnan(one[0])

    def factored() -> np.ndarray:
        blocks = grid.blocks(lon[there], lat[there])
        spline = system.factor(*grid.steps(blocks.lon, blocks.lat))
        return spline.solve(blocks.reduce(one[:, there], grid.block))[:, grid.nodes.ravel()]

    def operator() -> np.ndarray:
        blocks = grid.blocks(lon[there], lat[there])
        at = grid.steps(blocks.lon, blocks.lat)
        matrix = tension_operator(*at, grid.solved_shape, grid.tension)[grid.nodes.ravel()]
        return blocks.reduce(one[:, there], grid.block) @ matrix.T

    module, sets = SplineTorch(gridder, gaps=True), torch.tensor(batches[0], dtype=torch.float32)
    again = partial(gridder.transform, batches[0])
    new, seen, tensor, *others = alternating(
        lambda: gridder.transform(batches.pop()), again, partial(module, sets), factored, operator
    )
    each = "1 field" if fields == 1 else f"{fields} fields"
    what = f"spline, {each} a sample, each sample without its own {MISSING:.0%} of stations"
    for theirs, peer in zip(others, ("its own equations factored", "its own whole operator"), strict=True):
        yield Row(f"{what}, NumPy", N_SETS / new, "samples/s", peer, N_SETS / new * theirs)
    ours = "NumPy, samples not seen before"
    yield Row(f"{what}, NumPy, samples seen before", N_SETS / seen, "samples/s", ours, new / seen)
    yield Row(f"{what}, torch CPU float32", N_SETS / tensor, "samples/s", ours, new / tensor)


def _gappy(rng: np.random.Generator, fields: int) -> np.ndarray:
    values = rng.normal(size=(N_SETS, fields, N_STATIONS))
    missing = rng.random((N_SETS, 1, N_STATIONS)) < MISSING
    return np.where(missing, np.nan, values)


def plain_regression(
    values: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
    node_lat: np.ndarray,
    node_lon: np.ndarray,
    sigma: float,
) -> np.ndarray:
    """Wang et al. (2025, eqs 5-17) as they read: one day after another, node after node."""
    grid = np.full((len(values), len(node_lat), len(node_lon), values.shape[2]), np.nan)
    for t, day in enumerate(values):
        here = np.isfinite(day).all(axis=1)
        at, moved = np.stack([lat, lon], axis=1)[here], day[here]
        for i, y in enumerate(node_lat):
            for j, x in enumerate(node_lon):
                weight = np.exp(-(ground_distance(y, x, at[:, 0], at[:, 1]) ** 2) / (2 * sigma**2))
                weight /= weight.sum()
                mean, centre = weight @ moved, weight @ at
                away = at - centre
                weighted = (weight[:, None] * away).T
                gradient = np.linalg.solve(weighted @ away, weighted @ (moved - mean))
                grid[t, i, j] = mean + (np.array([y, x]) - centre) @ gradient
    return grid


def _regression() -> Iterator[Row]:
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(31, 45, N_DAILY), rng.uniform(130, 146, N_DAILY)
    nodes = grid_nodes(22, 46, N_NODES), grid_nodes(123, 148, N_NODES)
    gridder = LocalLinear(8 * 0.48 * 111_194.9).fit(lat, lon, *nodes)
    for components in (1, 3):
        values = rng.normal(size=(N_DAYS, N_DAILY, components))
        values[rng.random((N_DAYS, N_DAILY)) < MISSING] = np.nan
        what = f"local linear, {N_DAILY} stations with gaps to {N_NODES} x {N_NODES}, {components} component"
        what += "s" * (components > 1)
        types = {"float64": torch.float64, "float32": torch.float32}
        ours, plain, *tensor = alternating(
            partial(gridder.transform, values),
            partial(plain_regression, values[:1], lat, lon, *nodes, gridder.sigma_m),
            *(partial(LocalLinearTorch(gridder, t), torch.tensor(values, dtype=t)) for t in types.values()),
        )
        rate = N_DAYS / ours
        yield Row(f"{what}, NumPy float64", rate, "days/s", "plain loops over days and nodes", rate * plain)
        for name, took in zip(types, tensor, strict=True):
            yield Row(f"{what}, torch CPU {name}", N_DAYS / took, "days/s", "ours in NumPy", ours / took)
