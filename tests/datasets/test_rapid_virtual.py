"""The rapid_virtual recipe: what its store holds, determinism, gaps, and its peaks against published ones."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd
from slipbench.datasets.preprocess.snapshot import FEATURES, snapshots
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.pools import on_dask
from slipbench.datasets.recipes.rapid_virtual import RapidVirtual
from slipbench.datasets.recipes.rapid_virtual_maker import STEP_S, draw_events, record
from slipbench.datasets.recipes.rapid_virtual_network import draw_places
from slipbench.datasets.recipes.rapid_virtual_options import RapidNetwork, RapidVirtualOptions
from slipbench.datasets.store.reader import Store

NAMES = [name for name, _ in FEATURES]


def options(**change: object) -> RapidVirtualOptions:
    base = {
        "recipe": "rapid_virtual",
        "name": "small",
        "seed": 4,
        "n_events": 24,
        "seconds_per_event": 4,
        "rows_per_shard": 16,
        "most_stations": 20,
        "last_s": 200,
        "split": {"train": 0.5, "validation": 0.25},
    }
    return RapidVirtualOptions.model_validate(base | change)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("rapid") / "store"
    build(RapidVirtual(options(), None).plan(), folder)
    return Store(folder)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_store_holds_what_it_says(store: Store) -> None:
    assert len(store) == 96
    x, target, second = (store.read(name) for name in ("snapshot", "target", "second"))
    assert x.shape == (96, 20, len(FEATURES))
    there = np.isfinite(x[..., 0])
    assert there.any(axis=1).mean() > 0.95
    assert (np.isfinite(x).all(axis=-1) == there).all()
    assert (second >= 3).all()
    assert (second <= 200).all()
    assert (target[:, 2] >= 5.5).all()
    assert (target[:, 2] <= 9.5).all()
    np.testing.assert_allclose(
        np.broadcast_to(np.log10(second)[:, None], there.shape)[there],
        x[there, NAMES.index("log10 of the time since the origin")],
        rtol=1e-5,
    )
    assert [t["name"] for t in store.attrs["targets"]] == ["centroid_east_km", "centroid_north_km", "mw"]
    assert store.attrs["statistics"]["snapshot"]["count"] == there[store.rows_of("train")].sum()


def test_an_event_is_in_one_split_only(store: Store) -> None:
    event, split, target = (store.read(name) for name in ("event", "split", "target"))
    for k in range(24):
        assert len(set(split[event == k])) == 1
        assert len(np.unique(target[event == k], axis=0)) == 1
    assert [(split[::4] == s).sum() for s in range(3)] == [12, 6, 6]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_leave_no_trace(store: Store, tmp_path: Path, workers: int) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        build(RapidVirtual(options(), None).plan(), tmp_path / "other", on_dask(client))
    assert tree(tmp_path / "other") == tree(store.folder)


def test_peaks_follow_the_published_relation() -> None:
    """Median within 0.1 of log10 and scatter 0.2 to 0.35, over all and in every class below Mw 8.5.

    Above it the static displacement alone is larger near the fault than the relation's value.
    """
    o = options(most_stations=40, last_s=400)
    found = []
    for k in range(4):
        e = draw_events(60, o, (), np.random.default_rng(k))
        peak = np.sqrt((e.motion_m.astype(np.float64) ** 2).sum(axis=-1)).max(axis=-1)
        km, mw = e.hypocentral_km, np.broadcast_to(e.mw[:, None], peak.shape)
        there = np.isfinite(km)
        ratio = np.log10(peak[there] / expected_pgd(mw[there], km[there], SCALINGS["ruhl2019"]))
        found.append(np.stack([ratio, mw[there], km[there]]))
    ratio, mw, km = np.concatenate(found, axis=1)
    assert abs(np.median(ratio)) < 0.1
    assert 0.2 < ratio.std() < 0.35
    for low, high in ((5.8, 6.6), (6.6, 7.5), (7.5, 8.5)):
        for near, far in ((0, 150), (150, 700)):
            part = ratio[(mw >= low) & (mw < high) & (km >= near) & (km < far)]
            assert len(part) > 100
            assert abs(np.median(part)) < 0.15, (low, near)
    assert abs(np.median(ratio[(mw > 8.5) & (km > 300)])) < 0.25


def test_the_ground_rests_before_the_waves_and_stays_displaced_after() -> None:
    e = draw_events(8, options(last_s=900), (), np.random.default_rng(3))
    there = np.isfinite(e.east_km)
    # a rupture is slower than its waves, so none comes earlier than the fastest from the hypocentre
    early = (e.time_s < e.hypocentral_km[..., None] / 4.2 - 1e-3) & there[..., None]
    assert early.sum() > 1000
    assert (e.motion_m[early] == 0).all()
    assert np.abs(e.motion_m[:, :, -1][there]).max() > 0.01


def test_a_record_is_motion_with_noise_and_gaps() -> None:
    o = options(gaps={"dead": 0.9, "dropout": 1.0, "broken": 0.5})
    e = draw_events(16, o, (), np.random.default_rng(1))
    x, counts = record(e, o, np.random.default_rng(2))
    assert set(counts) == {"stations_dead", "stations_with_a_missing_stretch", "stations_that_jump"}
    assert all(counts.values())
    whole, _ = record(e, options(gaps={"dead": 0, "dropout": 0, "broken": 0}), np.random.default_rng(2))
    there = np.isfinite(e.east_km)
    late = whole[there][:, e.time_s > -8]
    assert np.isfinite(late).all()
    quiet = whole[there][:, (e.time_s > -8) & (e.time_s < 0)]
    assert 0.001 < np.abs(quiet).mean() < 0.05
    assert np.isnan(x[there]).mean() > np.isnan(whole[there]).mean() + 0.2


def test_a_row_is_the_snapshot_of_its_record() -> None:
    """The rows of a shard are what `snapshots` makes of the record of the same stream."""
    plan = RapidVirtual(options(), None).plan()
    made = plan.make(1, plan.rows(1), plan.rng(1)).arrays
    rng = plan.rng(1)
    e = draw_events(4, options(), (), rng)
    x, _ = record(e, options(), rng)
    places = (e.east_km, e.north_km, e.rupture.hypocentre_km)
    wanted = snapshots(x, float(e.time_s[0]), STEP_S, *places, made["second"].reshape(4, 4))
    np.testing.assert_array_equal(made["snapshot"], wanted.reshape(16, *wanted.shape[2:]))


def test_real_networks_are_turned_but_keep_their_distances() -> None:
    lat, lon = np.array([35.0, 35.0, 36.0]), np.array([140.0, 141.0, 140.0])
    o = RapidNetwork(made_share=0.0, least=3, offshore_km=100.0)
    seen = []
    for k in range(5):
        east, north = draw_places(((lat, lon),), o, np.random.default_rng(k))
        sides = np.hypot(east - np.roll(east, 1), north - np.roll(north, 1))
        np.testing.assert_allclose(np.sort(sides), [91.1, 111.2, 143.6], rtol=0.02)
        seen.append(north[0])
    assert len(set(seen)) == 5


def test_mistakes_are_told() -> None:
    with pytest.raises(InputError, match="SLIPBENCH_DATA"):
        RapidVirtual(options(network={"kind": "real"}), None).plan()
    for wrong in (
        {"rows_per_shard": 10},
        {"first_s": 300},
        {"waves": {"scaling": "ruhl2018"}},
        {"split": {"train": 0.9, "validation": 0.1}},
    ):
        with pytest.raises(ValidationError):
            options(**wrong)


def test_a_picture_is_drawn(store: Store, tmp_path: Path) -> None:
    RapidVirtual.plot(store, tmp_path / "card.png")
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
