"""Made ionosphere maps: the climate's shapes, the weather's statistics, what is planted, the store, IONEX."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.ionex_text import ionex_text
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.source import Range
from slipbench.datasets.readers.ionex import read_ionex
from slipbench.datasets.recipes.tec_simulated import TecSimulated, maps_of
from slipbench.datasets.store.reader import Store
from slipbench.datasets.synthesis.space_indices import made_indices
from slipbench.datasets.synthesis.tec_maps import climate, dipole_latitude, made_weather
from slipbench.datasets.synthesis.tec_planted import drawn_days, drawn_sites, plant

from .made_tec import tec_options, tec_plan, tec_store
from .reader_samples import SAMPLES

QUIET = np.zeros(3)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return tec_store(tmp_path_factory.mktemp("tec") / "store")


def content(time: float, lat: float, lon: float, flux: float = 150.0, ap: np.ndarray = QUIET) -> float:
    return float(climate(*(np.array(v) for v in (time, lat, lon, flux)), ap))


def test_the_climate_follows_sun_crests_flux_and_storms() -> None:
    equinox = 19437.0  # 2023-03-21
    hours = [content(equinox + h / 24, 37.0, 116.0) for h in range(24)]
    assert np.argmax(hours) in (6, 7)  # 14 h local time less 116 / 15 h
    assert max(hours) > 3 * min(hours)
    lat = np.arange(-60, 61, 1.0)
    along = np.array([content(equinox + 6 / 24, x, 120.0) for x in lat])
    dipole = dipole_latitude(lat, np.array(120.0))
    peaks = dipole[1:-1][(np.diff(along)[:-1] > 0) & (np.diff(along)[1:] < 0)]
    assert sorted(np.round(np.abs(peaks))) == pytest.approx([15, 15], abs=2.5)
    assert content(equinox, 37, 116, 200) == pytest.approx(2 * content(equinox, 37, 116, 100))
    day, storm = equinox + 6.5 / 24, np.array([120.0, 0, 0])
    assert content(day, 10, 116, ap=storm) > 1.3 * content(day, 10, 116)
    assert content(day, 55, 116, ap=np.array([0, 120.0, 0])) < 0.8 * content(day, 55, 116)
    assert content(day, 55, 116, ap=np.full(3, 15.0)) == content(day, 55, 116)


def test_the_dipole() -> None:
    assert dipole_latitude(np.array(80.65), np.array(-72.68)) == pytest.approx(90, abs=1e-4)
    assert dipole_latitude(np.array(-9.35), np.array(-72.68)) == pytest.approx(0, abs=1e-9)


def test_the_weather_has_its_spread_memory_and_size() -> None:
    per_day, memory, spread, patch = 4, 0.6, 0.2, 2000.0
    weather = made_weather(6000, per_day, memory, spread, patch, np.random.default_rng(0))
    lat, lon = np.array([0.0, 0.0, 0.0]), np.array([0.0, np.rad2deg(patch / 6371), 170.0])
    field = weather.field(np.arange(6000), lat, lon)
    assert field.std(axis=0) == pytest.approx(spread, rel=0.2)
    one = field[:, 0]
    assert np.corrcoef(one[per_day:], one[:-per_day])[0, 1] == pytest.approx(memory, abs=0.07)
    assert np.corrcoef(one, field[:, 1])[0, 1] == pytest.approx(np.exp(-0.5), abs=0.12)
    assert abs(np.corrcoef(one, field[:, 2])[0, 1]) < 0.25


def test_made_indices() -> None:
    found = made_indices(np.arange(19000, 21000), np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(found.f107 - found.f107.mean()))
    assert 2000 / np.argmax(spectrum) == pytest.approx(27, abs=1.5)
    assert np.corrcoef(found.f107, found.sunspots)[0, 1] > 0.8
    assert (np.median(found.ap), found.ap.max() > 60, found.ap.min() >= 0) == (pytest.approx(8, abs=3), 1, 1)


def test_sites_and_days_keep_their_distance() -> None:
    rng = np.random.default_rng(2)
    sites = drawn_sites(20, 2500, 50, rng)
    away = ground_distance(sites[:, None, 0], sites[:, None, 1], sites[:, 0], sites[:, 1]) / 1e3
    assert away[np.triu_indices(20, 1)].min() > 2500
    assert np.abs(sites[:, 0]).max() <= 50
    with pytest.raises(ValueError, match="no room for 50 sites"):
        drawn_sites(50, 9000, 50, rng)
    for _ in range(50):
        days = drawn_days(5, 100, 130, 6, rng)
        assert np.diff(days).min() >= 6
        assert (days[0] >= 100, days[-1] <= 130) == (True, True)
    with pytest.raises(ValueError, match="no room for 6 days"):
        drawn_days(6, 100, 120, 6, rng)


def test_what_is_planted_has_its_place_time_and_size() -> None:
    sites = np.array([[10.0, 20.0], [-30.0, 100.0]])
    rng = np.random.default_rng(3)
    ranges = Range(low=2, high=9), Range(low=800, high=1500), Range(low=4, high=12)
    found = plant(2, 1, 4, (1000, 1100), 5, *ranges, rng)
    assert (found.size[found.site == 0] != 0).all()
    assert (found.size[found.site == 1] == 0).all()
    lead = found.event_day - np.floor(found.start)
    assert (lead.min() >= 1, lead.max() <= 5) == (True, True)
    assert (np.floor(found.start) == np.floor(found.start + found.hours / 24 - 1e-6)).all()
    k = 2
    radius = np.rad2deg(found.radius_km[k] / 6371)
    time = found.start[k] + np.array([-0.01, 0.01, found.hours[k] / 24 - 0.01, found.hours[k] / 24 + 0.01])
    lat, lon = np.array([10.0, 10.0 + radius / 2, 10.0 + radius * 1.01]), np.full(3, 20.0)
    added = found.added(time, lat, lon, *sites.T)
    np.testing.assert_allclose(added[[0, 3]], 0)
    size = found.size[k]
    np.testing.assert_allclose(added[1], [size, size / 2, 0], atol=0.02 * abs(size))


def test_the_store_holds_climate_weather_and_anomalies(store: Store) -> None:
    options = store.attrs["options"]
    tec = store.read("tec")
    assert tec.shape == (70, 6, 15, 19)
    assert tec.min() >= 0.0999
    np.testing.assert_allclose(np.rint(tec * 10) / 10, tec, atol=1e-5)
    np.testing.assert_allclose(tec[..., 0], tec[..., -1], atol=0.11)
    assert store.read("time").tolist() == list(range(19478, 19548))
    without = tec_plan(sites_with_anomalies=0)
    plain = np.concatenate(
        [without.make(s, without.rows(s), without.rng(s)).arrays["tec"] for s in range(without.n_shards)]
    )
    changed = np.abs(tec - plain) > 0.15
    size, start, site = (store.read(f"{n}") for n in ("anomaly_size", "anomaly_start", "event_site"))
    days = {int(d) for d in np.floor(start[size != 0])}
    assert {19478 + int(d) for d in np.flatnonzero(changed.any(axis=(1, 2, 3)))} <= days
    assert changed.sum() > 20
    assert options["background_days"] <= min(days) - 19478
    assert set(site[size != 0].astype(int)) == {0, 1, 2}


def test_the_same_bytes_whatever_the_shards() -> None:
    def maps(a_plan: Any) -> np.ndarray:
        return np.concatenate(
            [a_plan.make(s, a_plan.rows(s), a_plan.rng(s)).arrays["tec"] for s in range(a_plan.n_shards)]
        )

    np.testing.assert_array_equal(maps(tec_plan()), maps(tec_plan(rows_per_shard=7)))
    assert (maps(tec_plan()) != maps(tec_plan(seed=1))).mean() > 0.5


def test_made_maps_go_through_ionex(store: Store, tmp_path: Path) -> None:
    maps = maps_of(store, slice(40, 42))
    path = tmp_path / "made.23i"
    path.write_text(ionex_text(maps, comment="made, not measured"))
    found = read_ionex(path)
    assert np.array_equal(found.time, maps.time)
    assert maps.time[0] == np.datetime64("2023-06-10T00:00:00")
    assert np.diff(maps.time).astype(int).tolist() == [4 * 3600] * 11
    np.testing.assert_allclose(found.tec, maps.tec, atol=1e-5)


def test_real_indices_are_read_and_gaps_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs real data"):
        tec_plan(indices="real")
    (tmp_path / "ionosphere").mkdir()
    name = "ionosphere/sw.txt"
    (tmp_path / name).write_bytes(SAMPLES["space_weather"].make(np.random.default_rng(0), 90))
    plan = tec_plan(tmp_path, indices="real", space_weather=name, start="2009-01-03")
    assert [s.name for s in plan.sources] == [name]
    made = plan.make(0, plan.rows(0), plan.rng(0)).arrays
    assert 60 <= made["f107"].min() < made["f107"].max() <= 300
    with pytest.raises(InputError, match=r"no observed F10\.7, Ap or sunspot number of 2009-04-01"):
        tec_plan(tmp_path, indices="real", space_weather=name, start="2009-02-03")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sites_with_anomalies": 6}, "must not exceed sites"),
        ({"events_per_site": 7}, "do not fit into 35 days"),
        ({"apart_km": 1500.0}, "must fade before the next site"),
        ({"hours": {"low": 4, "high": 24}}, "hours between 0 and 24"),
        ({"step_lat": 12.0}, "step_lat must divide 175"),
    ],
)
def test_impossible_options(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        tec_options(**changes)
    with pytest.raises(InputError, match="no room for 40 sites"):
        tec_plan(sites=40, apart_km=9000.0)


def test_the_picture(store: Store, tmp_path: Path) -> None:
    TecSimulated.plot(store, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 20_000
    assert json.dumps(store.attrs["policies"])
