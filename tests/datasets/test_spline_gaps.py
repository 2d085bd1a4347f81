"""Fields with missing stations: exact for every set, alike on every way, in bounded memory."""

import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.gridding import gaps
from slipbench.datasets.gridding.grid import Grid
from slipbench.datasets.gridding.spline import SplineGridder

SMALL = Grid(rows=40, columns=30, land_km=40)


def network(n, grid=SMALL, seed=3):
    rng = np.random.default_rng(seed)
    lat = rng.uniform(grid.latitude[0], grid.latitude[-1], n)
    return lat, rng.uniform(grid.longitude[0], grid.longitude[-1], n)


def with_gaps(n_fields, n_stations, share, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 20, (n_fields, n_stations))
    values[rng.random(values.shape) < share] = np.nan
    values[:, 0] = rng.normal(size=n_fields)
    return values


def alike(got, expected):
    """To 1e-10 of the range of each field."""
    assert (np.isnan(got) == np.isnan(expected)).all()
    span = np.ptp(expected, axis=(-2, -1), keepdims=True)
    assert (np.abs(got - expected) <= 1e-10 * span).all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(4, 120),
    share=st.sampled_from([0.02, 0.1, 0.4, 0.9]),
    tension=st.sampled_from([0.05, 0.25, 0.8]),
    block=st.sampled_from(["median", "mean"]),
)
def test_missing_stations_are_as_if_they_had_never_been(seed, n, share, tension, block):
    grid = Grid(rows=30, columns=20, land_km=60, tension=tension, block=block, block_arcmin=20)
    lat, lon = network(n, grid, seed)
    full = SplineGridder(grid).fit(lat, lon)
    values = with_gaps(3, n, share, seed)
    for got, field in zip(full.transform(values), values, strict=True):
        there = ~np.isnan(field)
        fresh = SplineGridder(grid).fit(lat[there], lon[there], full.land_)
        alike(got[None], fresh.transform(field[there])[None])


def test_stations_on_nodes_and_half_way_between():
    """Data that fix nodes, share nodes or lie at equal distance from two of them."""
    rng = np.random.default_rng(5)
    at = rng.integers(0, 70, (90, 2)) / 2 * (5 / 60) * [29 / 35, 1]
    lat, lon = SMALL.lat_first + at[:, 1], SMALL.lon_first + np.round(at[:, 0] * 24) / 24
    full = SplineGridder(SMALL).fit(lat, lon)
    values = with_gaps(6, 90, 0.3)
    for got, field in zip(full.transform(values), values, strict=True):
        there = ~np.isnan(field)
        fresh = SplineGridder(SMALL).fit(lat[there], lon[there], full.land_)
        alike(got[None], fresh.transform(field[there])[None])


@pytest.mark.parametrize("kept", [[4], [4, 9], [4, 9, 17], range(0, 60, 5)])
@pytest.mark.parametrize("tension", [0.0, 0.25])
def test_few_stations_left(kept, tension):
    if tension == 0 and len(kept) == 2:
        tension = 0.01  # any plane through both has no curvature: nothing to compare
    grid = SMALL.model_copy(update={"tension": tension})
    lat, lon = network(60)
    full = SplineGridder(grid).fit(lat, lon)
    values = np.full((2, 60), np.nan)
    values[:, list(kept)] = np.random.default_rng(0).normal(size=(2, len(kept)))
    fresh = SplineGridder(grid).fit(lat[list(kept)], lon[list(kept)], full.land_)
    got, expected = full.transform(values), fresh.transform(values[:, list(kept)])
    alike(got, expected)


def test_small_changes_and_whole_factors_agree(monkeypatch):
    lat, lon = network(150)
    values = with_gaps(8, 150, 0.15)
    updated = SplineGridder(SMALL).fit(lat, lon)
    small = updated.transform(values)
    monkeypatch.setattr(gaps, "TABLE_BYTES", 0)
    factored = SplineGridder(SMALL).fit(lat, lon)
    large = factored.transform(values)
    assert updated.gaps_.solvers()[1] is not None
    assert factored.gaps_.solvers()[1] is None
    assert np.abs(small - large).max() > 0  # two ways indeed
    alike(small, large)


def test_bytes_do_not_depend_on_what_came_before(monkeypatch):
    lat, lon = network(100)
    values = with_gaps(6, 100, 0.2)
    values[3] = values[1]
    values[4, ~np.isnan(values[1])] = 1.0
    values[4, np.isnan(values[1])] = np.nan  # a set that recurs
    fresh = SplineGridder(SMALL).fit(lat, lon).transform(values)
    used = SplineGridder(SMALL).fit(lat, lon)
    used.transform(with_gaps(20, 100, 0.3, seed=1))
    used.transform(values[[5, 1, 1, 0]])
    assert used.transform(values).tobytes() == fresh.tobytes()
    assert used.transform(values).tobytes() == fresh.tobytes()
    alike(used.transform(values[::-1])[::-1], fresh)  # places in a matrix product do change last bits
    monkeypatch.setattr(gaps, "RECENT_BYTES", 0)  # nothing is ever kept
    assert SplineGridder(SMALL).fit(lat, lon).transform(values).tobytes() == fresh.tobytes()


def test_bytes_do_not_depend_on_threads_or_pickling():
    lat, lon = network(100)
    values = with_gaps(24, 100, 0.2).reshape(8, 3, 100)
    one = SplineGridder(SMALL).fit(lat, lon)
    expected = np.stack([one.transform(v) for v in values])
    shared = SplineGridder(SMALL).fit(lat, lon)
    with ThreadPoolExecutor(4) as pool:
        assert np.stack(list(pool.map(shared.transform, values))).tobytes() == expected.tobytes()
    packed = pickle.dumps(one)
    assert len(packed) == len(pickle.dumps(SplineGridder(SMALL).fit(lat, lon)))  # what was prepared stays
    assert pickle.loads(packed).transform(values[2]).tobytes() == expected[2].tobytes()


def test_how_many_fields_a_set_has_matters_to_the_last_bits_only():
    lat, lon = network(100)
    field = with_gaps(1, 100, 0.2)
    many = np.concatenate(
        [field, np.where(np.isnan(field), np.nan, np.random.default_rng(9).normal(size=(40, 100)))]
    )
    gridder = SplineGridder(SMALL).fit(lat, lon)
    np.testing.assert_allclose(gridder.transform(field)[0], gridder.transform(many)[0], rtol=0, atol=1e-11)


def held(limit, monkeypatch):
    """Bytes that a gridder keeps of sets of stations that it has seen, first 40 of them and then 80."""
    lat, lon = network(100)
    gridder = SplineGridder(SMALL).fit(lat, lon)
    monkeypatch.setattr(gaps, "RECENT_BYTES", limit)
    update = gridder.gaps_.solvers()[1]
    assert update is not None
    assert update.nbytes <= gaps.TABLE_BYTES
    kept = []
    tracemalloc.start()
    try:
        for seed in (1, 2):
            gridder.transform(with_gaps(40, 100, 0.2, seed=seed))
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return kept


def test_memory_is_bounded(monkeypatch):
    limit = 500_000
    assert all(0.8 * limit < kept < 1.1 * limit for kept in held(limit, monkeypatch))
    first, both = held(gaps.TABLE_BYTES, monkeypatch)
    assert limit * 1.3 < first < both * 0.7  # without a limit that matters it grows


def test_a_field_without_stations_is_nan_on_land_and_the_others_are_untouched():
    lat, lon = network(50)
    values = with_gaps(4, 50, 0.1)
    values[2] = np.nan
    values[3] = 1.0
    gridder = SplineGridder(SMALL).fit(lat, lon)
    out = gridder.transform(values)
    assert np.isnan(out[2][gridder.land_]).all()
    assert (out[:, ~gridder.land_] == 0).all()
    assert np.isfinite(out[[0, 1, 3]]).all()
    np.testing.assert_allclose(out[3], gridder.transform(values[3]), atol=1e-12)
