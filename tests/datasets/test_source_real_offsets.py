"""source_real from made static offsets and made 1 Hz records."""

import pickle
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_real import SourceReal
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.verify import verify

from .reader_samples import SAMPLES
from .real_events import catalogue, field_m, offsets_file, places, record, station_list

EVENT = {"name": "quake", "time": "2011-03-11T05:46:24", "file": "coseismic/o.txt"}
TRUTH = {
    "day": "2011-03-11",
    "latitude": 37.5,
    "longitude": 143.1,
    "depth_km": 20,
    "mw": 9.1,
    "source": "made",
}


def options(given, **change):
    base = {
        "recipe": "source_real",
        "name": "made",
        "seed": 3,
        "rows_per_shard": 4,
        "input": given,
        "representations": ["img", "its", "ts", "offset"],
        "catalogue": "catalogs/c.csv",
        "few_stations": 5,
    }
    return SourceReal.Options.model_validate(base | change)


def coseismic(**change):
    return {"kind": "coseismic", "events": [EVENT], "realisations": 6} | change


def high_rate(*events, **change):
    return {"kind": "high_rate", "events": list(events), "realisations": 3} | change


@pytest.fixture
def folder(tmp_path):
    """Data folder with 40 stations, a catalogue and the offsets of one event."""
    rng = np.random.default_rng(5)
    codes, lat, lon = places(rng, 40)
    station_list(tmp_path, codes, lat, lon)
    catalogue(tmp_path, [(date(2011, 3, 11), 38.3, 142.4, 7.3, 30), (date(2010, 5, 1), 37, 142, 6.0, 12)])
    offsets_file(tmp_path / "coseismic/o.txt", codes, lat, lon, field_m(lat, lon))
    return tmp_path


def write(folder, n=40, seed=5, name="one", wrong=None, south=0.0, **change):
    """A record at the first `n` stations of the folder; `wrong` maps station numbers to offsets (m).

    `south` moves all stations, degrees.
    """
    rng = np.random.default_rng(seed)
    codes, lat, lon = (v[:n] for v in places(np.random.default_rng(5), 40))
    offset = field_m(lat, lon)
    for k, value in (wrong or {}).items():
        offset[k] = value
    record(folder / f"high_rate/{name}.npz", codes, lat - south, lon, offset, rng, **change)
    return offset


def made(folder, given, **change):
    build(SourceReal(options(given, **change), folder).plan(), folder / "store")
    return Store(folder / "store")


def test_a_store_has_the_arrays_of_the_synthetic_one(folder):
    store = made(folder, coseismic(), centroids=[TRUTH])
    assert verify(store.folder) == []
    assert len(store) == 6
    assert store.read("img").shape == (6, 76, 36, 2)
    assert store.read("its").shape == (6, 15, 76, 36, 2)
    assert store.read("ts").shape == (6, 40, 100, 2)
    assert (store.read("split") == 2).all()
    np.testing.assert_array_equal(store.read("target"), [[37.5, 143.1, 9.1]] * 6)
    assert [t["name"] for t in store.attrs["targets"]] == ["latitude", "longitude", "mw"]
    assert (store.attrs["targets"][2]["low"], store.attrs["targets"][2]["high"]) == (5.8, 8.5)
    assert (store.attrs["event_day"], store.attrs["window_days"], store.attrs["units"]) == (50, 100, "mm")
    assert store.attrs["statistics"] == {}
    assert bytes(store.read("event")[0]).decode() == "quake"
    np.testing.assert_array_equal(store.read("event_time"), 1299822384)
    np.testing.assert_array_equal(store.read("realisation"), range(6))
    assert set(store.attrs["policies"]) == set(store.attrs["policies_applied"])
    (event,) = store.attrs["events"]
    assert (event["rows"], event["truth"], event["depth_km"]) == ([0, 6], "made", 20)
    assert event["notes"] == ["Mw 9.10 lies outside 5.8 ... 8.5 of the labels"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_the_step_of_the_series_is_the_offset_of_the_file(folder, seed):
    rng = np.random.default_rng(seed)
    codes, lat, lon = places(rng, 12)
    offset = field_m(lat, lon, rng.uniform(-4, 4))
    offsets_file(folder / "coseismic/o.txt", codes, lat, lon, offset)
    loose = coseismic(outliers={"floor_mm": 1e6})  # a dozen stations are too few to tell
    plan = SourceReal(options(loose, representations=["ts", "offset"]), folder).plan()
    shard = plan.make(0, plan.rows(0), plan.rng(0))
    order = np.argsort(codes)
    want = 1e3 * np.round(offset[order, :2], 6)
    np.testing.assert_allclose(
        shard.arrays["offset"], np.broadcast_to(want, (4, 12, 2)), rtol=1e-5, atol=1e-3
    )
    ts = shard.arrays["ts"]
    quiet = ts.copy()
    quiet[:, :, 50:] -= shard.arrays["offset"][:, :, None]
    assert np.abs(quiet).max() < 60  # mm: noise, with no step left
    assert not np.array_equal(quiet[0], quiet[1])  # each realisation has its own


def test_images_are_gridded_from_the_stations_that_are_there(folder):
    write(folder, 40, name="one")
    write(folder, 30, name="two", hypo=np.array([38.3, 142.5, 20.0]), mw=7.2)
    plan = SourceReal(options(high_rate("one", "two")), folder).plan()
    assert plan.n_rows == 6
    rows = [plan.make(s, plan.rows(s), plan.rng(s)).arrays for s in range(plan.n_shards)]
    ts, img, present = (np.concatenate([r[n] for r in rows]) for n in ("ts", "img", "present"))
    assert (present[:3] == 1).all()
    np.testing.assert_array_equal(present[3:].sum(axis=1), 30)
    np.testing.assert_array_equal(np.isnan(ts).all(axis=(2, 3)), present == 0)
    np.testing.assert_array_equal(np.isnan(ts).any(axis=(2, 3)), present == 0)
    assert np.isfinite(img).all()
    change = np.moveaxis((ts[:, :, 51] - ts[:, :, 49]).astype(np.float64), -1, -2)
    want = np.moveaxis(plan.make.views.gridder.transform(change), 1, -1)
    np.testing.assert_allclose(img, want, atol=2e-4 * np.abs(want).max())
    np.testing.assert_array_equal(np.concatenate([r["n_stations"] for r in rows]), [40] * 3 + [30] * 3)


def test_bytes_depend_on_nothing_but_the_options(folder):
    write(folder)
    files = []
    for k, threads in enumerate((1, 2)):
        with threadpool_limits(threads, "blas"):
            plan = pickle.loads(pickle.dumps(SourceReal(options(high_rate("one")), folder).plan()))
            files.append(build(plan, folder / f"store{k}").files())
    assert files[0] == files[1]
    again = recipe_of_store(folder / "store0", folder).plan()
    assert again.dataset_hash == Store(folder / "store0").dataset_hash
    other = SourceReal(options(high_rate("one"), seed=4), folder).plan()
    assert other.dataset_hash != again.dataset_hash


def test_offsets_of_records(folder):
    offset = write(folder)
    plan = SourceReal(options(high_rate("one"), representations=["offset"]), folder).plan()
    found = plan.make(0, plan.rows(0), plan.rng(0)).arrays["offset"][0]
    np.testing.assert_allclose(found, 1e3 * offset[:, :2], atol=3)


def test_wrong_stations_are_listed_with_what_they_say(folder):
    write(folder, wrong={3: (-4.0, -4.5, 7.8), 8: (0.0, 3.0, 0.0)})
    rng = np.random.default_rng(1)
    with np.load(folder / "high_rate/one.npz") as z:
        arrays = dict(z)
    arrays["enu_0p1mm"][12, 0, 200:230] += 180_000  # breaks for half a minute, and ends where it should
    arrays["enu_0p1mm"][20, :, -50:] = -2147483648
    np.savez(folder / "high_rate/one.npz", **arrays)
    plan = SourceReal(options(high_rate("one")), folder).plan()
    (event,) = plan.attrs["events"]
    left = event["stations_left_out"]
    assert set(left) == {"J003", "J008", "J012", "J020"}
    assert left["J003"].startswith("peak 9.8")
    assert left["J008"].startswith("north 3.00 m, its neighbours -0.")
    assert left["J012"].startswith("peak 1")
    assert left["J020"] == "too few samples: 60 of 60 before, 10 of 60 after"
    counts = plan.make(0, plan.rows(0), rng).counts
    assert counts["stations_off_their_neighbours"] == 3
    assert counts["stations_without_quiet_or_settled_samples"] == 1
    codes = dict((s.name, v) for s, v in plan.static)["station_code"]
    assert len(codes) == 36


def test_sites_of_a_coseismic_file_that_are_left_out(folder):
    codes, lat, lon = places(np.random.default_rng(5), 40)
    offset = field_m(lat, lon)
    offset[7] = 9.0
    lat, lon = np.append(lat, [38.1, lat[0]]), np.append(lon, [142.0, lon[0] + 2e-4])
    offset = np.concatenate([offset, [[20.0, -9.0, 0.0]], offset[:1]])
    offsets_file(folder / "coseismic/o.txt", [*codes, "_MGI", "TWIN"], lat, lon, offset)
    plan = SourceReal(options(coseismic()), folder).plan()
    left = plan.attrs["events"][0]["stations_left_out"]
    assert set(left) == {"_MGI", "TWIN", "J007"}
    assert left["TWIN"].endswith("m from J000")
    assert plan.attrs["events"][0]["n_stations"] == 39
    loose = coseismic(sea_floor="keep", same_place_m=0, outliers={"floor_mm": 1e6})
    plan = SourceReal(options(loose), folder).plan()
    assert plan.attrs["events"][0]["n_stations"] == 42
    assert plan.make(0, plan.rows(0), plan.rng(0)).counts["sea_floor_sites"] == 1


def test_stations_outside_the_grid_are_counted(folder):
    codes, lat, lon = places(np.random.default_rng(5), 40)
    lat[[3, 9]] = 34.0
    offsets_file(folder / "coseismic/o.txt", codes, lat, lon, field_m(lat, lon))
    plan = SourceReal(options(coseismic(outliers={"floor_mm": 1e6})), folder).plan()
    assert plan.attrs["events"][0]["n_stations"] == 38
    assert plan.make(0, plan.rows(0), plan.rng(0)).counts["stations_outside_the_grid"] == 2
    assert "stations_outside_the_grid" in plan.attrs["policies"]


def test_the_truth_is_the_centroid_then_the_catalogue_then_the_record(folder):
    write(folder)
    cases = [
        ({"centroids": [TRUTH]}, (37.5, 143.1, 9.1), "made"),
        ({}, (38.3, 142.4, 7.3), "Global CMT"),
        ({"catalogue": None}, (38.3, 142.4, 7.3), "event's own file"),
    ]
    for change, target, source in cases:
        plan = SourceReal(options(high_rate("one"), **change), folder).plan()
        np.testing.assert_allclose(plan.make.per_event["target"][0], target)
        assert source in plan.attrs["events"][0]["truth"]
    catalogue(folder, [(date(2011, 3, 11), 38.4, 142.4, 9.0, 30), (date(2011, 3, 11), 30.0, 142.4, 7.3, 30)])
    plan = SourceReal(options(high_rate("one")), folder).plan()  # one is too large, one too far away
    assert "event's own file" in plan.attrs["events"][0]["truth"]


def test_centroids_from_the_global_cmt_catalogue(folder):
    first = SAMPLES["gcmt_ndk"].make(np.random.default_rng(1), 1).decode()
    lines = first.replace("2011/03/01 05:46:23.0", "2011/03/11 23:59:30.0").splitlines()
    lines[2] = "CENTROID:     69.8 0.1  37.52 0.00  143.05 0.00  20.0  0.0 BOX  S-20120101000000"
    (folder / "catalogs/jan.ndk").write_text("\n".join(lines) + "\n")
    plan = SourceReal(options(coseismic(), catalogue="catalogs/jan.ndk"), folder).plan()
    np.testing.assert_allclose(plan.make.per_event["target"][0], [37.52, 143.05, 9.08], atol=0.005)
    assert plan.make.per_event["depth"][0] == 20
    assert plan.attrs["events"][0]["truth"] == "Global CMT centroid"


def test_depths_that_a_catalogue_filled_in_are_not_known(folder):
    write(folder)
    plan = SourceReal(options(high_rate("one")), folder).plan()
    assert plan.make.per_event["depth"][0] == 30
    catalogue(folder, [(date(2011, 3, 11), 38.3, 142.4, 7.3, 30), (date(2010, 5, 1), 37, 142, 6.0, 30)])
    plan = SourceReal(options(high_rate("one")), folder).plan()
    assert plan.make.per_event["depth"][0] == 29  # the record's
    assert plan.attrs["events"][0]["truth"].endswith("depth of the event's own file")
    plan = SourceReal(options(coseismic()), folder).plan()
    assert np.isnan(plan.make.per_event["depth"][0])
    assert plan.attrs["events"][0]["depth_km"] is None


def test_all_records_of_the_folder_and_files_from_elsewhere(folder, tmp_path_factory):
    write(folder, name="one")
    write(folder, name="far", south=20.0)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mine.npz"
    (folder / "high_rate/one.npz").rename(folder / "high_rate/two.npz")
    elsewhere.write_bytes((folder / "high_rate/two.npz").read_bytes())
    plan = SourceReal(options(high_rate()), folder).plan()
    assert [e["event"] for e in plan.attrs["events"]] == ["two"]
    assert plan.attrs["events_dropped"] == [{"event": "far", "reason": "no usable station in the grid"}]
    plan = SourceReal(options(high_rate(str(elsewhere))), folder).plan()
    assert plan.sources[0].name == "mine.npz"
    with pytest.raises(InputError, match="no event is left"):
        SourceReal(options(high_rate("far")), folder).plan()
    with pytest.raises(InputError, match=r"no record 'twp'.*did you mean 'two'"):
        SourceReal(options(high_rate("twp")), folder).plan()
    with pytest.raises(InputError, match="'two' twice"):
        SourceReal(options(high_rate("two", "two")), folder).plan()


def test_fewer_stations(folder):
    plan = SourceReal(options(coseismic(n_stations=12)), folder).plan()
    assert plan.attrs["events"][0]["n_stations"] == 12
    again = SourceReal(options(coseismic(n_stations=12), seed=9), folder).plan()
    first, second = (dict((s.name, v) for s, v in p.static)["station_code"] for p in (plan, again))
    assert not np.array_equal(first, second)
    with pytest.raises(InputError, match="99 asked for, 40 in the grid"):
        SourceReal(options(coseismic(n_stations=99)), folder).plan()


def test_sparse_events_are_noted_or_dropped(folder):
    plan = SourceReal(options(coseismic(), few_stations=41), folder).plan()
    assert "too sparse: 40 stations in the grid, 41 wanted" in plan.attrs["events"][0]["notes"]
    assert plan.make(0, plan.rows(0), plan.rng(0)).counts["events_too_sparse"] == 1
    with pytest.raises(InputError, match="too sparse"):
        SourceReal(options(coseismic(), few_stations=41, too_sparse="drop"), folder).plan()


@pytest.mark.parametrize(
    ("given", "change", "what"),
    [
        (coseismic(events=[EVENT | {"file": "coseismic/none.txt"}]), {}, "no such file"),
        (coseismic(events=[EVENT | {"time": "2012-03-11T00:00:00"}]), {}, "no earthquake on 2012-03-11"),
        (coseismic(), {"catalogue": None}, "no earthquake on 2011-03-11"),
        (high_rate("none"), {}, "no such file"),
        (high_rate(), {}, "no NPZ file in"),
        (coseismic(), {"grid": {"lat_first": 20.0}}, "no event is left"),
        (coseismic(noise="surrogate"), {}, "cascadia"),
    ],
)
def test_unusable_input(folder, given, change, what):
    with pytest.raises(InputError, match=what):
        SourceReal(options(given, **change), folder).plan()


def test_without_a_data_folder():
    for kind in (coseismic(), high_rate("one"), high_rate(), {"kind": "daily"}):
        with pytest.raises(InputError, match="SLIPBENCH_DATA"):
            SourceReal(options(kind), None).plan()


def test_a_record_that_names_no_earthquake(folder):
    write(folder, mw=None, hypo=None, origin_time=None)
    with pytest.raises(InputError, match="does not say which earthquake"):
        SourceReal(options(high_rate("one")), folder).plan()


def test_one_name_in_two_places(folder):
    write(folder, name="one")
    write(folder, name="two", south=0.3)
    with pytest.raises(InputError, match="from where another event has it"):
        SourceReal(options(high_rate("one", "two")), folder).plan()


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"kind": "tilt"}, {}),
        (coseismic(events=[]), {}),
        (coseismic(events=[EVENT, EVENT]), {}),
        (coseismic(file="x"), {}),
        (coseismic(), {"representations": ["img", "img"]}),
        (coseismic(), {"centroids": [TRUTH, TRUTH]}),
        (high_rate("one", realisations=0), {}),
    ],
)
def test_wrong_options(given, change):
    with pytest.raises(ValidationError):
        options(given, **change)


@pytest.mark.parametrize("representations", [["img"], ["its"], ["ts"], ["offset"]])
def test_picture(folder, representations):
    write(folder, 40, name="one")
    write(folder, 30, name="two", hypo=np.array([38.3, 142.5, 20.0]), mw=7.2)
    store = made(folder, high_rate("one", "two"), representations=representations)
    SourceReal.plot(store, folder / "card.png")
    assert (folder / "card.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "card.png").stat().st_size > 20_000
