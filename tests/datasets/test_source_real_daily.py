"""source_real from made daily positions: which events are used, and what becomes of their windows."""

from datetime import date, timedelta

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_real import SourceReal
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.verify import verify

from .real_events import catalogue, daily_file, places, station_list

FIRST, DAYS = date(2010, 1, 1), 900
GOOD = date(2011, 3, 11)
EVENTS = [
    (date(2010, 1, 20), 38.0, 142.0, 6.5, 20),  # window begins before the positions
    (date(2010, 6, 1), 38.0, 142.0, 6.0, 20),
    (date(2010, 6, 1), 38.5, 142.5, 6.4, 30),  # the larger one of that day
    (date(2010, 9, 1), 38.0, 142.0, 6.0, 20),  # two days in a row
    (date(2010, 9, 2), 38.0, 142.0, 7.0, 20),
    (date(2010, 10, 1), 38.0, 142.0, 6.0, 120),  # too deep
    (date(2010, 10, 3), 38.0, 142.0, 5.7, 20),  # too small
    (date(2010, 10, 5), 50.0, 142.0, 7.7, 20),  # elsewhere
    (date(2011, 3, 9), 38.4, 142.8, 7.3, 14),
    (GOOD, 38.3, 142.4, 9.1, 20),
    (date(2011, 3, 12), 38.0, 142.0, 6.5, 20),
    (date(2011, 8, 1), 38.0, 142.0, 6.2, 20),
    (date(2012, 3, 1), 38.0, 142.0, 6.1, 20),  # most stations are missing
]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(7)
    codes, lat, lon = places(rng, 8)
    station_list(tmp_path, [*codes, "FAR1"], np.append(lat, 32.0), np.append(lon, 130.5))
    catalogue(tmp_path, EVENTS)
    t = np.arange(DAYS)[:, None, None]
    enu = 0.05 * t + rng.normal(0, 1, (DAYS, 10, 3))
    for day in {e[0] for e in EVENTS} - {GOOD + timedelta(days=1)}:  # the aftershock moved nothing
        enu[(day - FIRST).days :] += np.array([300.0 if day == GOOD else 20.0, -10.0, 0.0])
    missing = (date(2012, 3, 1) - FIRST).days
    enu[missing - 45 :, :4] = np.nan
    enu[(GOOD - FIRST).days - 20 : (GOOD - FIRST).days - 10, 2] = np.nan
    enu[(GOOD - FIRST).days + 7, 5] = 5000.0
    daily_file(tmp_path / "daily/d.csv", [*codes, "FAR1", "LOST"], FIRST, enu)
    return tmp_path


def options(given=None, **change):
    base = {
        "recipe": "source_real",
        "name": "made",
        "rows_per_shard": 4,
        "input": {"kind": "daily", "positions": "daily/d.csv"} | (given or {}),
        "representations": ["img", "its", "ts", "offset"],
        "catalogue": "catalogs/c.csv",
        "few_stations": 8,
    }
    return SourceReal.Options.model_validate(base | change)


def test_events_are_chosen_as_the_document_says(folder):
    plan = SourceReal(options(), folder).plan()
    assert [e["event"] for e in plan.attrs["events"]] == ["2010-06-01", "2011-03-11"]
    assert plan.attrs["events"][0]["mw"] == 6.4
    assert plan.attrs["events"][1]["mw"] == 9.1
    reasons = {d["event"]: d["reason"] for d in plan.attrs["events_dropped"]}
    assert reasons == {
        "2010-01-20": "Mw 6.50: its window reaches beyond the positions",
        "2010-09-01": "Mw 6.00: the day before or after has an event too",
        "2010-09-02": "Mw 7.00: the day before or after has an event too",
        "2011-03-09": "Mw 7.30: of 2011 only chosen days are used",
        "2011-03-12": "Mw 6.50: of 2011 only chosen days are used",
        "2011-08-01": "Mw 6.20: of 2011 only chosen days are used",
        "2012-03-01": "4 of 8 stations in the grid have enough days",
    }
    counts = plan.make(0, plan.rows(0), plan.rng(0)).counts
    assert counts["events_smaller_on_the_same_day"] == 1
    assert counts["stations_outside_the_grid"] == 1
    assert counts["stations_without_coordinates"] == 1
    assert counts["events_on_consecutive_days"] == 2
    assert counts["events_too_sparse"] == 0
    assert set(counts) == set(plan.attrs["policies"])


def test_other_rules(folder):
    plan = SourceReal(options({"only": {}, "least_stations": 0.5}), folder).plan()
    names = [e["event"] for e in plan.attrs["events"]]
    assert names == ["2010-06-01", "2011-03-09", "2011-08-01", "2012-03-01"]  # 11 and 12 March fall together
    assert plan.attrs["events"][-1]["n_stations"] == 4
    assert plan.attrs["events"][-1]["stations_left_out"] == {f"J00{k}": "too few days" for k in range(4)}
    assert "too sparse: 4 stations in the grid, 8 wanted" in plan.attrs["events"][-1]["notes"]
    shard = plan.make(0, plan.rows(0), plan.rng(0))
    np.testing.assert_array_equal(np.isnan(shard.arrays["ts"][3]).all(axis=(1, 2)), [True] * 4 + [False] * 4)
    np.testing.assert_array_equal(shard.arrays["present"][3], [0] * 4 + [1] * 4)
    assert np.isfinite(shard.arrays["img"]).all()


@pytest.mark.parametrize("trend", ["window", "beside_step"])
def test_windows_hold_the_measured_step(folder, trend):
    build(SourceReal(options({"trend": trend}), folder).plan(), folder / "store")
    store = Store(folder / "store")
    assert verify(store.folder) == []
    assert len(store) == 2
    offset, ts = store.read("offset")[1], store.read("ts")[1]
    np.testing.assert_allclose(offset, np.broadcast_to([300.1, -9.9], (8, 2)), atol=7)
    if trend == "beside_step":
        np.testing.assert_allclose(ts[:, :50], 0, atol=22)  # the foreshock of 9 March is inside
        np.testing.assert_allclose(ts[:, 50:, 0].mean(axis=1), 300, atol=40)
    else:
        np.testing.assert_allclose(ts.mean(axis=1), 0, atol=1e-2)
        np.testing.assert_allclose((ts[:, 51] - ts[:, 49])[:, 0] / offset[:, 0], 0.97, atol=0.02)
    assert np.abs(ts).max() < 400  # the outlier of 5 m is gone, the gap is filled
    assert store.attrs["policies_applied"]["samples_filled"] == 20
    assert store.attrs["policies_applied"]["samples_replaced_by_the_hampel_filter"] > 0
    assert store.attrs["noise"]["kind"].startswith("none made")


def test_two_builds_are_the_same_bytes(folder):
    files = [build(SourceReal(options(), folder).plan(), folder / f"s{k}").files() for k in range(2)]
    assert files[0] == files[1]


def test_unusable_input(folder):
    with pytest.raises(InputError, match="catalogue: null"):
        SourceReal(options(catalogue=None), folder).plan()
    with pytest.raises(InputError, match="lies in the grid"):
        SourceReal(options(grid={"lat_first": 45.0}), folder).plan()
    with pytest.raises(InputError, match="no event is left"):
        SourceReal(options({"least_mw": 9.5}), folder).plan()
    catalogue(folder, [(GOOD + timedelta(days=4000), 38.0, 142.0, 7.0, 20)])
    with pytest.raises(InputError, match="no event is left"):
        SourceReal(options(), folder).plan()
