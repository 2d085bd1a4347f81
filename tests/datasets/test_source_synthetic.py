"""The source_synthetic recipe: what a store holds, determinism, policies, bad input, picture."""

import pickle

import numpy as np
import pytest
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_layout import split_of
from slipbench.datasets.recipes.source_network import HONSHU, inside, made_network
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store


def options(**change):
    base = {
        "recipe": "source_synthetic",
        "name": "small",
        "seed": 4,
        "n_samples": 30,
        "rows_per_shard": 8,
        "n_stations": 40,
        "stations": "made",
        "representations": ["img", "ts", "its", "offset"],
    }
    return SourceSynthetic.Options.model_validate(base | change)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "store"
    build(SourceSynthetic(options(), None).plan(), folder)
    return Store(folder)


def test_views_are_of_the_same_positions(store):
    img, ts, its, offset = (store.read(name) for name in ("img", "ts", "its", "offset"))
    assert img.shape == (30, 76, 36, 2)
    assert ts.shape == (30, 40, 100, 2)
    assert its.shape == (30, 15, 76, 36, 2)
    step = ts[:, :, 50:].mean(axis=2) - ts[:, :, :50].mean(axis=2)
    big = np.abs(offset).max(axis=(1, 2)) > 200
    assert big.sum() >= 3
    for row in np.flatnonzero(big):
        np.testing.assert_allclose(step[row], offset[row], atol=25)
    land = store.read("land").astype(bool)
    assert (img[:, ~land] == 0).all()
    assert (its[:, :, ~land] == 0).all()
    assert (img[:, land] != 0).mean() > 0.999


def test_images_are_gridded_changes(store):
    """The stored image is what the gridder makes of day 51 minus day 49 of the stored series."""
    maker = SourceSynthetic(options(), None).plan().make
    ts = store.read("ts").astype(np.float64)
    change = np.moveaxis(ts[:, :, 51] - ts[:, :, 49], -1, -2)
    want = np.moveaxis(maker.gridder.transform(change), 1, -1)
    np.testing.assert_allclose(store.read("img"), want, atol=2e-4 * np.abs(want).max())
    frame = np.moveaxis(maker.gridder.transform(np.moveaxis(ts[:, :, 43], -1, -2)), 1, -1)
    np.testing.assert_allclose(store.read("its")[:, 0], frame, atol=1e-3)


def test_targets_sources_and_attributes_agree(store):
    target, source = store.read("target"), store.read("source")
    names = store.array("source").attrs["labels"]["parameter"]
    for k, name in enumerate(("latitude", "longitude", "mw")):
        np.testing.assert_array_equal(target[:, k], source[:, names.index(name)])
        entry = store.attrs["targets"][k]
        assert entry["name"] == name
        assert entry["low"] <= target[:, k].min() < target[:, k].max() <= entry["high"]
    assert store.attrs["component_order"] == ["east", "north"]
    assert store.array("img").attrs["labels"]["component"] == ["east", "north"]
    assert store.array("img").attrs["units"] == "mm"
    assert set(store.attrs["policies_applied"]) == set(store.attrs["policies"])
    assert store.attrs["policies_applied"]["stress_drop_redrawn"] > 0
    np.testing.assert_allclose(store.read("grid_lat")[[0, -1]], store.attrs["region"]["grid_latitude"])


def test_normalisation_comes_from_training_rows_only(store):
    img = store.read("img")[store.rows_of("train")].astype(np.float64)
    kept = store.attrs["statistics"]["img"]
    np.testing.assert_allclose(kept["mean"], img.mean(axis=(0, 1, 2)), rtol=1e-9)
    np.testing.assert_allclose(kept["std"], img.std(axis=(0, 1, 2)), rtol=1e-9)


def test_shards_do_not_depend_on_order_or_process():
    plan = SourceSynthetic(options(representations=["img"]), None).plan()
    again = pickle.loads(pickle.dumps(SourceSynthetic(options(representations=["img"]), None).plan()))
    forward = {s: plan.make(s, plan.rows(s), plan.rng(s)) for s in range(plan.n_shards)}
    backward = {s: again.make(s, again.rows(s), again.rng(s)) for s in reversed(range(again.n_shards))}
    for s in forward:
        assert forward[s].counts == backward[s].counts
        for name, values in forward[s].arrays.items():
            np.testing.assert_array_equal(values, backward[s].arrays[name])
    assert plan.dataset_hash == again.dataset_hash
    assert not np.array_equal(forward[0].arrays["img"], forward[1].arrays["img"])


def test_bytes_do_not_depend_on_blas_threads(tmp_path):
    files = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            plan = SourceSynthetic(options(n_stations=300, representations=["img", "ts"]), None).plan()
            files.append(build(plan, tmp_path / str(threads)).files())
    assert files[0] == files[1]


def test_the_split_does_not_depend_on_shards():
    plans = [
        SourceSynthetic(options(representations=["offset"], rows_per_shard=r), None).plan() for r in (8, 30)
    ]
    splits = [
        np.concatenate([p.make(s, p.rows(s), p.rng(s)).arrays["split"] for s in range(p.n_shards)])
        for p in plans
    ]
    np.testing.assert_array_equal(*splits)
    np.testing.assert_array_equal(np.bincount(splits[0]), [18, 6, 6])


def test_split_fractions_are_exact():
    split = split_of(20_000, 0.6, 0.2, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(split), [12_000, 4_000, 4_000])
    assert abs(split[:10_000].mean() - split[10_000:].mean()) < 0.05


def test_another_seed_is_another_dataset():
    a, b = (SourceSynthetic(options(seed=s), None).plan() for s in (1, 2))
    assert a.dataset_hash != b.dataset_hash
    assert not np.array_equal(a.static[0][1], b.static[0][1])  # the made network too


def test_made_network_lies_on_the_outlined_land_evenly():
    stations = made_network(300, Grid(), np.random.default_rng(0))
    assert len(set(stations.code)) == 300
    assert inside(HONSHU, stations.lon, stations.lat).all()
    assert Grid().holds(stations.lat, stations.lon).all()
    x, y = stations.lon * np.cos(np.radians(38)) * 111.2, stations.lat * 111.2
    gap = np.hypot(x[:, None] - x, y[:, None] - y) + 1e9 * np.eye(300)
    assert 9 < np.median(gap.min(axis=1)) < 20  # km; GEONET: about 20 km
    assert gap.min() > 4


@pytest.mark.parametrize("change", [{"stations": "ngl"}, {"noise": "surrogate"}])
def test_real_input_without_a_data_folder(change, tmp_path):
    with pytest.raises(InputError, match="SLIPBENCH_DATA"):
        SourceSynthetic(options(**change), None).plan()
    with pytest.raises(InputError, match="no such file"):
        SourceSynthetic(options(**change), tmp_path).plan()


def listed(folder, n):
    (folder / "stations").mkdir()
    rng = np.random.default_rng(0)
    rows = [f"S{k:03d},{rng.uniform(36, 40):.5f},{rng.uniform(139.5, 141.5):.5f},10.0" for k in range(n)]
    rows += ["FAR1,33.0,131.0,5.0"]
    (folder / "stations" / "ngl_japan_box.csv").write_text("code,lat,lon,h\n" + "\n".join(rows) + "\n")


def test_auto_takes_the_list_when_it_is_there(tmp_path):
    listed(tmp_path, 50)
    plan = SourceSynthetic(options(stations="auto"), tmp_path).plan()
    assert [s.name for s in plan.sources] == ["stations/ngl_japan_box.csv"]
    assert len(plan.make.stations) == 40
    assert "FAR1" not in plan.make.stations.code
    assert list(plan.make.stations.code) == sorted(plan.make.stations.code)
    without = SourceSynthetic(options(stations="auto"), None).plan()
    assert without.sources == ()
    assert plan.dataset_hash != without.dataset_hash


def test_more_stations_than_listed(tmp_path):
    listed(tmp_path, 30)
    with pytest.raises(InputError, match="40 asked for, 30 in the grid"):
        SourceSynthetic(options(stations="ngl"), tmp_path).plan()


def test_a_grid_without_made_land():
    with pytest.raises(InputError, match="no land of the made network"):
        SourceSynthetic(options(grid={"lat_first": 20.0}), None).plan()


@pytest.mark.parametrize(
    "change",
    [
        {"representations": []},
        {"representations": ["img", "img"]},
        {"representations": ["image"]},
        {"n_samples": 0},
        {"split": {"train": 0.8, "validation": 0.2}},
        {"stations": "geonet"},
        {"n_station": 300},
    ],
)
def test_wrong_options(change):
    with pytest.raises(ValidationError):
        options(**change)


@pytest.mark.parametrize("representations", [["img"], ["ts"]])
def test_picture(tmp_path, representations):
    plan = SourceSynthetic(options(representations=representations, n_samples=8), None).plan()
    build(plan, tmp_path / "store")
    SourceSynthetic.plot(Store(tmp_path / "store"), tmp_path / "card.png")
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "card.png").stat().st_size > 20_000
