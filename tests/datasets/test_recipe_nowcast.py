import dataclasses
import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes import nowcast as module
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.nowcast import Nowcast
from slipbench.datasets.recipes.nowcast_options import NowcastOptions
from slipbench.datasets.seismicity.bvalue import b_value
from slipbench.datasets.seismicity.kde import daily_density, scott_bandwidth
from slipbench.datasets.store.reader import Store

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "datasets"


def options(**changes):
    base = {
        "recipe": "nowcast",
        "name": "small",
        "source": "simulated",
        "start": "2015-01-01",
        "end": "2015-10-31",
        "grid_size": 10,
        "window_days": 32,
        "min_events": 20,
        "rows_per_shard": 64,
        "mc": 4.0,
    }
    return NowcastOptions(**(base | changes))


def plan(data=None, **changes):
    return Nowcast(options(**changes), data).plan()


def rows_of(a_plan):
    """All rows, in order."""
    shards = [a_plan.make(s, a_plan.rows(s), a_plan.rng(s)) for s in range(a_plan.n_shards)]
    return {k: np.concatenate([s.arrays[k] for s in shards]) for k in shards[0].arrays}


def counts_of(a_plan):
    total = {}
    for s in range(a_plan.n_shards):
        for name, n in a_plan.make(s, a_plan.rows(s), a_plan.rng(s)).counts.items():
            total[name] = total.get(name, 0) + n
    return total


@pytest.fixture
def inputs(monkeypatch):
    """The inputs that plan() makes; a function set as `change` may replace them."""
    original, kept = module.simulated_inputs, {}

    def through(*args):
        made = original(*args)
        kept["inputs"] = kept["change"](made) if "change" in kept else made
        return kept["inputs"]

    monkeypatch.setattr(module, "simulated_inputs", through)
    return kept


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nowcast") / "store"
    build(plan(), folder)
    return Store(folder)


def test_rows_hold_what_the_alignment_says(inputs):
    rows = rows_of(plan())
    made = inputs["inputs"]
    first, last = (
        int(np.datetime64(d).astype("datetime64[D]").astype(int)) for d in ("2015-01-01", "2015-10-31")
    )
    t = rows["time"]
    np.testing.assert_array_equal(t, np.arange(first + 1, last - 1))
    np.testing.assert_array_equal(rows["label_time"], t + 2)
    events = made.catalogue
    for i in (0, 77, len(t) - 1):
        window = (events.time >= t[i] - 31) & (events.time < t[i] + 1)
        b = b_value(events.magnitude[window], 4.0)
        np.testing.assert_allclose(rows["ab"][i], [np.log10(window.sum()) + 4.0 * b, b])
        assert rows["event_count"][i] == window.sum()
        label_day = t[i] + 2
        ahead = (events.time >= label_day) & (events.time < label_day + 32)
        assert rows["label_next_window_count"][i] == ahead.sum()
    studied = events.time[(events.time >= first) & (events.time < last + 1)]
    np.testing.assert_allclose(
        rows["label_two_sided"], daily_density(studied, t.astype(int) + 2, scott_bandwidth(studied))
    )


def test_the_count_s_window_has_its_own_length(inputs):
    a_plan = plan(horizon_days=7)
    rows, time = rows_of(a_plan), inputs["inputs"].catalogue.time
    expected = [((time >= d) & (time < d + 7)).sum() for d in rows["label_time"]]
    np.testing.assert_array_equal(rows["label_next_window_count"], expected)
    assert a_plan.attrs["label_horizon_days"] == 7
    assert plan().attrs["label_horizon_days"] == 32


def test_the_events_are_kept_and_give_the_labels_again(store):
    """An event weighs `label_per_event` times its kernel; the catalogue below Mc is not needed."""
    a, day = store.attrs, store.read("label_time").astype(int)
    time, magnitude = store.read("event_time"), store.read("event_magnitude")
    assert (np.diff(time) >= 0).all()
    assert magnitude.min() >= a["mc"]
    assert a["catalogue_covers_days"][0] <= time[0]
    first, last = a["studied_days"]
    studied = time[(time >= first) & (time < last + 1)]
    unit = a["label_per_event"]
    for label, of, n, width, causal in (
        ("label_two_sided", studied, len(studied), a["bandwidth_days"], False),
        ("label_causal", time, 1, a["causal_bandwidth_days"], True),
    ):
        events = unit[label] * n * daily_density(of, day, width, causal, n=n)
        np.testing.assert_allclose(store.read(label), events, rtol=1e-12, err_msg=label)
    ahead = [unit["label_next_window_count"] * ((time >= d) & (time < d + 32)).sum() for d in day]
    np.testing.assert_array_equal(store.read("label_next_window_count"), ahead)
    box = a["region"]
    assert ((store.read("event_lat") >= box["south"]) & (store.read("event_lat") <= box["north"])).all()
    assert ((store.read("event_lon") >= box["west"]) & (store.read("event_lon") <= box["east"])).all()


def test_images_are_the_gridded_difference_of_the_days_around(inputs):
    a_plan = plan()
    made, rows = inputs["inputs"], rows_of(a_plan)
    for i in (0, 100):
        difference = made.enu_mm[i + 2] - made.enu_mm[i]  # row 0 is day 1
        expected, _ = a_plan.make.gridder.transform(difference[None])
        np.testing.assert_allclose(rows["image"][i], expected[0], rtol=1e-5, atol=1e-4)


def test_nothing_of_a_row_but_the_two_sided_label_knows_the_future(inputs):
    before = rows_of(plan())
    cut = before["label_time"][230] + 1  # in the test part

    def other_future(made):
        c, enu = made.catalogue, made.enu_mm.copy()
        late = c.time >= cut
        time = np.where(late, cut + np.abs(c.time - cut) ** 1.1, c.time)
        magnitude = np.where(late, np.round(c.magnitude + 0.3, 1), c.magnitude)
        enu[int(cut) - 16436 :] += 1000.0  # 2015-01-01 is day 16436
        return dataclasses.replace(
            made, enu_mm=enu, catalogue=dataclasses.replace(c, time=time, magnitude=magnitude)
        )

    inputs["change"] = other_future
    after = rows_of(plan())
    known = before["label_time"] < cut
    assert (before["split"][known] == 2).any()
    for name in ("image", "ab", "event_count", "label_causal"):
        np.testing.assert_array_equal(after[name][known], before[name][known], err_msg=name)
    assert not np.array_equal(after["label_two_sided"][known], before["label_two_sided"][known])
    assert not np.array_equal(after["label_causal"][~known], before["label_causal"][~known])


def test_feature_days_end_before_the_label_day(store):
    reach, lead = store.attrs["feature_reach_days"], store.attrs["label_lead_days"]
    assert (store.read("time") + reach < store.read("label_time")).all()
    np.testing.assert_array_equal(store.read("time") + lead, store.read("label_time"))
    assert rows_of(plan(lead_days=30))["label_time"][0] == store.read("time")[0] + 30


def test_same_bytes_in_any_order_and_after_pickling(store, tmp_path):
    again = pickle.loads(pickle.dumps(plan()))
    build(again, tmp_path / "again")
    assert Store(tmp_path / "again").manifest.files() == store.manifest.files()
    for s in reversed(range(again.n_shards)):
        shard = again.make(s, again.rows(s), np.random.default_rng(99))
        span = slice(again.rows(s).start, again.rows(s).stop)
        for name, values in shard.arrays.items():
            np.testing.assert_array_equal(values, store.read(name, span))


def test_another_seed_is_another_dataset(store):
    other = plan(seed=1)
    assert other.dataset_hash != store.dataset_hash
    n = min(other.n_rows, len(store))
    assert not np.array_equal(rows_of(other)["label_causal"][:n], store.read("label_causal")[:n])


def test_split_is_chronological_and_statistics_are_of_training_rows(store):
    split, image = store.read("split"), store.read("image")
    assert (np.diff(split.astype(int)) >= 0).all()
    assert set(split) == {0, 2}
    assert (split == 0).mean() == pytest.approx(0.7, abs=0.01)
    assert (store.read("label_time")[split == 0] < store.attrs["training_ends_before_day"]).all()
    statistics = store.attrs["statistics"]["image"]
    np.testing.assert_allclose(
        statistics["mean"], image[split == 0].mean(axis=(0, 1, 2), dtype=float), rtol=1e-9
    )
    assert store.attrs["statistics"]["ab"]["count"] == (split == 0).sum()


def test_attributes_and_static_arrays(store):
    a = store.attrs
    assert a["component_order"] == ["east", "north", "up"]
    assert (a["feature_window_days"], a["feature_reach_days"], a["mc"]) == (32, 1, 4.0)
    assert a["source"] == a["options"]["source"] == "simulated"
    assert a["grid"]["sigma_km"] == pytest.approx(8 * 2.4 * 111.19492664)
    assert 10 < a["causal_bandwidth_days"] < a["bandwidth_days"] < 100
    np.testing.assert_allclose(store.read("node_lat"), 22 + 2.4 * np.arange(10))
    np.testing.assert_allclose(store.read("node_lon"), 123 + 2.5 * np.arange(10))
    assert store.read("station_lat").shape == store.read("station_lon").shape == (24,)
    assert store.array("image").attrs["labels"] == {"component": ["east", "north", "up"]}
    assert np.isfinite(store.read("image")).all()


def test_days_without_stations_or_events_have_no_row_and_are_counted(inputs):
    def holes(made):
        enu = made.enu_mm.copy()
        enu[50] = np.nan  # spoils the images of the days before and after
        enu[100, 3] = np.nan
        quiet = (made.catalogue.time < 16436 + 120) | (made.catalogue.time >= 16436 + 150)
        return dataclasses.replace(made, enu_mm=enu, catalogue=made.catalogue.where(quiet))

    inputs["change"] = holes
    a_plan = plan()
    rows, counts = rows_of(a_plan), counts_of(a_plan)
    days = rows["time"] - 16436
    assert counts["rows_dropped_no_station"] == 2
    assert not {49, 51} & set(days)
    assert {48, 50, 52} <= set(days)
    assert counts["rows_dropped_window_below_min_events"] > 0
    assert len(days) == 301 - 2 - counts["rows_dropped_window_below_min_events"]
    assert 149 not in days
    assert rows["event_count"].min() >= 20
    assert np.isfinite(rows["ab"]).all()
    missing = ~np.isfinite(a_plan.make.displacement).all(axis=2)
    assert counts["station_days_missing"] == missing.sum() > 0
    assert counts["images_with_missing_stations"] == missing.any(axis=1).sum()


def test_windows_beyond_the_catalogue_have_no_row(inputs):
    inputs["change"] = lambda made: dataclasses.replace(made, covered=(made.covered[0], made.covered[1] - 40))
    a_plan = plan()
    assert counts_of(a_plan)["rows_dropped_next_window_beyond_catalogue"] == 39
    assert a_plan.n_rows == 301 - 39


def test_a_network_of_one_line_falls_back_and_is_counted(inputs):
    def two_stations(made):
        return dataclasses.replace(made, lat=made.lat[:2], lon=made.lon[:2], enu_mm=made.enu_mm[:, :2])

    inputs["change"] = two_stations
    a_plan = plan()
    assert counts_of(a_plan)["nodes_from_weighted_mean"] == a_plan.n_rows * 100


def test_label_scales():
    plain = rows_of(plan())["label_causal"]
    a_plan = plan(label_scale="mean_one")
    scaled = rows_of(a_plan)
    assert scaled["label_causal"][scaled["split"] == 0].mean() == pytest.approx(1.0)
    ratio = rows_of(plan(label_scale="events_per_day"))["label_causal"] / plain
    np.testing.assert_allclose(ratio, ratio[0])
    np.testing.assert_allclose(scaled["label_causal"] / plain, scaled["label_causal"][0] / plain[0])
    assert ratio[0] == round(ratio[0])


def test_maxc_uses_the_training_period_alone(inputs):
    a_plan = plan(mc="maxc")
    assert a_plan.attrs["mc"] == 4.0

    def burst(day):
        """A swarm of M 4.2, more than there are events of M 4.0."""

        def change(made):
            c, n = made.catalogue, len(made.catalogue)
            order = np.argsort(np.concatenate([c.time, np.full(n, day)]), kind="stable")
            both = [
                np.concatenate([x, np.full(n, y)])[order]
                for x, y in ((c.time, day), (c.longitude, 140.0), (c.latitude, 36.0), (c.magnitude, 4.2))
            ]
            return dataclasses.replace(made, catalogue=type(c)(*both))

        return change

    end = a_plan.attrs["training_ends_before_day"]
    inputs["change"] = burst(end + 0.5)
    assert plan(mc="maxc").attrs["mc"] == 4.0
    inputs["change"] = burst(end - 0.5)
    assert plan(mc="maxc").attrs["mc"] == 4.2


def test_the_picture_shows_something(store, tmp_path):
    from matplotlib.image import imread

    Nowcast.plot(store, tmp_path / "new" / "card.png")
    picture = imread(tmp_path / "new" / "card.png")
    assert picture.shape[0] > 500
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 100


@pytest.mark.parametrize(
    "changes",
    [
        {"end": "2014-12-31"},
        {"south": 46.0},
        {"west": 148.0},
        {"lead_days": 1},
        {"mc": "large"},
        {"magnitude_correction": "best"},
        {"windowdays": 3},
    ],
)
def test_bad_options(changes):
    with pytest.raises(ValidationError):
        options(**changes)


def test_too_few_events_everywhere():
    with pytest.raises(InputError, match="0 training and 0 test days remain"):
        plan(min_events=5000)


def test_mc_below_the_made_catalogue():
    with pytest.raises(InputError, match="simulated_mc"):
        plan(mc=3.0)


def test_real_needs_a_folder(tmp_path):
    with pytest.raises(InputError, match="SLIPBENCH_DATA"):
        plan(source="real")
    with pytest.raises(InputError, match="no such file"):
        plan(tmp_path, source="real")


@pytest.fixture
def folder(tmp_path):
    """A small data folder; station Q is in no station list."""
    rng = np.random.default_rng(0)
    days = np.arange(np.datetime64("2015-01-01"), np.datetime64("2015-11-01"))
    daily = [
        f"{s},{d},{x:.2f},{y:.2f},{z:.2f}"
        for s in "ABCQ"
        for d in days
        for x, y, z in rng.normal(0, 3, (1, 3))
    ]
    seconds = np.sort(rng.uniform(-60 * 86400, 400 * 86400, 3000)).astype(np.int64)
    time = np.datetime64("2015-01-01T00:00:00") + seconds.astype("timedelta64[s]")
    m = np.round(4 + rng.exponential(0.43, 3000), 1)
    events = [f"{i},{t},140.0,{38 + i % 3},{x},0,0" for i, (t, x) in enumerate(zip(time, m, strict=True))]
    tables = {
        "daily/japan18_daily.csv.gz": ("station,date,e_mm,n_mm,u_mm", daily),
        "catalogs/usgs_japan_M2.5_1990_2019.csv.gz": ("id,time,longitude,latitude,magnitude,x,y", events),
        "stations/ngl_japan_box.csv": ("code,lat,lon,h", ["A,35,135,1", "B,36,139,1", "C,33,131,1"]),
    }
    for name, (header, rows) in tables.items():
        path = tmp_path / name
        path.parent.mkdir()
        text = "\n".join([header, *rows, ""]).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return tmp_path


def test_measured_files_are_used_where_they_are(folder):
    a_plan = plan(folder, source="auto")
    assert a_plan.options["source"] == a_plan.attrs["source"] == "real"
    assert a_plan.attrs["stations"] == ["A", "B", "C"]
    assert counts_of(a_plan)["stations_without_coordinates"] == 1
    assert [s.name.split("/")[0] for s in a_plan.sources] == ["daily", "catalogs", "stations"]
    assert a_plan.n_rows == 301
    (folder / "stations/ngl_japan_box.csv").unlink()
    assert plan(folder, source="auto").attrs["source"] == "simulated"


def test_a_bad_catalogue_row_stops_the_plan_or_is_counted(folder):
    path = folder / "catalogs/usgs_japan_M2.5_1990_2019.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    lines[41] = "40,2015-01-01 00:00:00,140.0,38,nan,0,0"
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    with pytest.raises(InputError, match=r"gz:42: magnitude 'nan'"):
        plan(folder, source="real")
    assert counts_of(plan(folder, source="real", on_bad_rows="drop"))["catalogue_rows_dropped"] == 1


def test_no_station_has_coordinates_or_no_position_is_in_the_period(folder):
    with pytest.raises(InputError, match="no position in the period"):
        plan(folder, source="real", start="2001-01-01", end="2001-12-31")
    (folder / "stations/ngl_japan_box.csv").write_text("code,lat,lon,h\nZ,35,135,1\n")
    with pytest.raises(InputError, match="no position in the period"):
        plan(folder, source="real")


@pytest.mark.parametrize("name", ["nowcast_demo", "nowcast_japan18"])
def test_shipped_configurations_are_options(name):
    text = (CONFIGS / f"{name}.yaml").read_text()
    assert text.startswith("# ")
    assert NowcastOptions(**yaml.safe_load(text)).name == name


def test_the_demo_keeps_every_day():
    demo = NowcastOptions(**yaml.safe_load((CONFIGS / "nowcast_demo.yaml").read_text()))
    a_plan = Nowcast(demo, None).plan()
    assert a_plan.n_rows == 1461 - 3  # the first day and the last two have no image or label
