"""Post-seismic motion and gaps of source_synthetic: pairing, form, bounds, images, stores that grow."""

import pickle
import shutil
from itertools import product

import dask
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.recipes.append import append
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_gaps import Gaps, draw_presence
from slipbench.datasets.recipes.source_post_seismic import PostSeismic, draw_relaxation
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.manifest import read_manifest
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.verify import verify

M = 30
POST, GAPS = {"post_seismic": {}}, {"gaps": {}}
DAILY = {"gaps": {"daily_share": 0.2, "share_high": 0.3}}
VARIANTS = {"plain": {}, "post": POST, "gaps": GAPS, "daily": DAILY, "both": POST | GAPS, "all": POST | DAILY}


def plan(**change):
    base = {
        "recipe": "source_synthetic",
        "name": "variants",
        "seed": 11,
        "n_samples": 20,
        "rows_per_shard": 8,
        "n_stations": M,
        "stations": "made",
        "grid": {"step_arcmin": 25.0, "rows": 16, "columns": 8},
        "representations": ["img", "ts", "offset"],
    }
    return SourceSynthetic(SourceSynthetic.Options.model_validate(base | change), None).plan()


def made(p):
    shards = [p.make(s, p.rows(s), p.rng(s)) for s in range(p.n_shards)]
    return {name: np.concatenate([s.arrays[name] for s in shards]) for name in shards[0].arrays}


@pytest.fixture(scope="module")
def rows():
    return {name: made(plan(**change)) for name, change in VARIANTS.items()}


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "plain"])
def test_variants_are_paired_with_the_plain_rows(rows, variant):
    plain, other = rows["plain"], rows[variant]
    for name in ("source", "target", "split"):
        np.testing.assert_array_equal(other[name], plain[name])
    there = ~np.isnan(other["ts"])
    assert there.any()
    before = there & (np.arange(100) < 51)[:, None]  # the event day's own motion is the step alone
    np.testing.assert_array_equal(other["ts"][before], plain["ts"][before])
    if "post_seismic" in VARIANTS[variant]:
        assert (other["ts"] != plain["ts"])[there & (np.arange(100) > 50)[:, None]].all()
    else:
        np.testing.assert_array_equal(other["ts"][there], plain["ts"][there])


def test_both_variants_draw_what_each_draws_alone(rows):
    for name in ("tau", "post_ratio"):
        np.testing.assert_array_equal(rows["both"][name], rows["post"][name])
    np.testing.assert_array_equal(rows["both"]["present"], rows["gaps"]["present"])
    there = ~np.isnan(rows["both"]["ts"])
    np.testing.assert_array_equal(there, ~np.isnan(rows["gaps"]["ts"]))
    np.testing.assert_array_equal(rows["both"]["ts"][there], rows["post"]["ts"][there])


@pytest.mark.parametrize("per", ["station", "component", "event"])
def test_motion_after_the_step_is_the_documents_formula(rows, per):
    """p_s(t) = H log10(1 + (t - tc) / tau), station by station and day by day, one by one."""
    found = rows["post"] if per == "station" else made(plan(post_seismic={"ratio_per": per}))
    plain = rows["plain"]
    assert found["post_ratio"].shape == {"station": (20, M), "component": (20, M, 2), "event": (20,)}[per]
    for k, s, c in product(range(0, 20, 3), range(0, M, 7), range(2)):
        ratio = float(found["post_ratio"][(k, s, c)[: found["post_ratio"].ndim]])
        assert 0.5 <= ratio <= 1.5
        big_h = ratio * float(plain["offset"][k, s, c])
        for t in (0, 49, 50, 51, 57, 80, 99):
            p = big_h * np.log10(1 + (t - 50) / found["tau"][k]) if t >= 50 else 0.0
            want = float(plain["ts"][k, s, t, c]) + p
            assert found["ts"][k, s, t, c] == pytest.approx(want, rel=3e-7, abs=1e-5)
    np.testing.assert_array_equal(found["offset"], plain["offset"])  # the static displacement alone
    # the image is larger by what was moved on the day after, most of all where tau is small
    near = plan().make.gridder
    grow = np.log10(1 + 1 / found["tau"])
    assert (grow > 0).all()
    ratio = found["post_ratio"].reshape(*found["post_ratio"].shape, *[1] * (3 - found["post_ratio"].ndim))
    ts = plain["ts"].astype(np.float64)
    change = ts[:, :, 51] - ts[:, :, 49] + grow[:, None, None] * ratio * plain["offset"]
    want = np.moveaxis(near.transform(np.moveaxis(change, -1, -2)), 1, -1)
    np.testing.assert_allclose(found["img"], want, atol=1e-5 * np.abs(want).max())


@settings(max_examples=40, deadline=None)
@given(
    low=st.floats(0, 2),
    more=st.floats(0.01, 2),
    tau=st.floats(0.1, 100),
    wider=st.floats(0, 100),
    per=st.sampled_from(["station", "component", "event"]),
    seed=st.integers(0, 2**31),
)
def test_amplitudes_and_times_stay_in_their_ranges(low, more, tau, wider, per, seed):
    o = PostSeismic(
        amplitude_low=low,
        amplitude_high=low + more,
        tau_low_days=tau,
        tau_high_days=tau + wider,
        ratio_per=per,
    )
    drawn = draw_relaxation(9, 7, 2, np.random.default_rng(seed), o)
    assert drawn.ratio.shape == (9, *o.ratio_shape(7, 2))
    assert (drawn.ratio >= np.float32(low)).all()
    assert (drawn.ratio <= np.float32(low + more)).all()
    assert (drawn.tau >= tau).all()
    assert (drawn.tau <= tau + wider).all()
    offset = np.random.default_rng(seed + 1).normal(size=(9, 7, 2))
    big_h = drawn.amplitude(offset)
    assert big_h.shape == offset.shape
    assert (big_h * offset >= 0).all()  # the sign is kept
    assert (np.abs(big_h) <= np.abs(offset) * np.float32(low + more) * (1 + 1e-12)).all()


def test_ratios_and_times_are_uniform():
    drawn = draw_relaxation(4000, 5, 2, np.random.default_rng(0), PostSeismic())
    for values, low, high in ((drawn.tau, 1, 50), (drawn.ratio[:, 0], 0.5, 1.5)):
        found = np.quantile(values, [0.1, 0.5, 0.9])
        np.testing.assert_allclose((found - low) / (high - low), [0.1, 0.5, 0.9], atol=0.03)
    assert abs(np.corrcoef(drawn.ratio.T)[0, 1]) < 0.06


@settings(max_examples=60, deadline=None)
@given(
    m=st.integers(4, 60),
    ends=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)).map(sorted),
    least=st.integers(1, 4),
    daily=st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    run=st.floats(1, 20),
    seed=st.integers(0, 2**31),
)
def test_gaps_keep_what_they_promise(m, ends, least, daily, run, seed):
    run = max(run, daily / (1 - daily))
    days = {"daily_share": daily, "daily_run_days": run}
    o = Gaps(share_low=ends[0], share_high=ends[1], least_stations=least, **days)
    drawn = draw_presence(12, m, 20, (9, 11), np.random.default_rng(seed), o)
    kept = drawn.station.sum(axis=1)
    assert (kept >= least).all()
    assert (kept <= max(m - np.floor(ends[0] * m + 0.5), least)).all()
    if not daily:
        assert (kept >= m - np.floor(ends[1] * m + 0.5)).all()
        np.testing.assert_array_equal(drawn.day, drawn.station[:, None])
        assert drawn.counts["gaps_days_restored"] == 0
    else:
        assert (drawn.day.sum(axis=2) >= least).all()
        assert ((drawn.day[:, 9] & drawn.day[:, 11]).sum(axis=1) >= least).all()
    np.testing.assert_array_equal(drawn.day.any(axis=1), drawn.station)


def test_a_policy_is_counted_where_too_few_stations_would_stay():
    o = Gaps(share_low=0.5, share_high=0.9, least_stations=6)
    drawn = draw_presence(2000, 20, 100, (49, 51), np.random.default_rng(1), o)
    kept = drawn.station.sum(axis=1)
    assert (kept.min(), kept.max()) == (6, 10)
    # 20 - floor(20 share + 0.5) < 6 from a share of 0.725 on, which is 0.4375 of the range
    assert drawn.counts["gaps_fewer_stations"] / 2000 == pytest.approx(0.4375, abs=0.04)
    assert (kept == 6).sum() > drawn.counts["gaps_fewer_stations"]
    often = Gaps(daily_share=0.9, daily_run_days=9)
    empty = draw_presence(5, 4, 100, (49, 51), np.random.default_rng(1), often)
    assert empty.counts["gaps_days_restored"] > 250
    assert (empty.day.sum(axis=2) >= 4).all()


def test_shares_are_those_that_were_asked_for():
    o = Gaps(share_low=0.1, share_high=0.5, daily_share=0.2, daily_run_days=4)
    drawn = draw_presence(400, 200, 100, (49, 51), np.random.default_rng(3), o)
    missing = 1 - drawn.station.mean(axis=1)
    assert (missing >= 0.1 - 1e-9).all()
    assert (missing <= 0.5 + 1e-9).all()
    np.testing.assert_allclose(np.quantile(missing, [0.25, 0.5, 0.75]), [0.2, 0.3, 0.4], atol=0.04)
    assert drawn.station.mean(axis=0).min() > 0.6  # no station is missing more often than others
    series = drawn.day.transpose(0, 2, 1)[drawn.station]
    assert 1 - series.mean() == pytest.approx(0.2, abs=0.01)
    assert series[:, 0].mean() == pytest.approx(series[:, 99].mean(), abs=0.01)  # stationary
    starts = (series[:, :-1] & ~series[:, 1:]).sum()
    ends = (~series[:, :-1] & series[:, 1:]).sum()
    assert (~series[:, :-1]).sum() / ends == pytest.approx(4, rel=0.03)  # mean run
    assert starts == pytest.approx(ends, rel=0.03)


def test_daily_gaps_leave_the_sets_of_stations_alone():
    a, b = (
        draw_presence(50, 40, 100, (49, 51), np.random.default_rng(5), o)
        for o in (Gaps(), Gaps(daily_share=0.1))
    )
    np.testing.assert_array_equal(a.station, b.station)


@pytest.mark.parametrize("variant", ["gaps", "both"])
def test_nan_is_exactly_where_present_is_zero(rows, variant):
    found = rows[variant]
    missing = found["present"] == 0
    assert found["present"].dtype == np.uint8
    assert 0.1 < missing.mean() < 0.5
    np.testing.assert_array_equal(np.isnan(found["offset"]), np.repeat(missing[..., None], 2, axis=-1))
    want = np.broadcast_to(missing[:, :, None, None], found["ts"].shape)
    np.testing.assert_array_equal(np.isnan(found["ts"]), want)
    assert np.isfinite(found["img"]).all()


def test_missing_days_are_in_the_series_only(rows):
    found = rows["daily"]
    gone = np.isnan(found["ts"])
    np.testing.assert_array_equal(gone[..., 0], gone[..., 1])
    np.testing.assert_array_equal(gone.all(axis=(2, 3)), found["present"] == 0)
    np.testing.assert_array_equal(np.isnan(found["offset"]).all(axis=2), found["present"] == 0)
    assert np.isfinite(found["img"]).all()
    there = found["present"] == 1
    assert gone[there].mean() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("variant", ["gaps", "daily", "all"])
def test_images_are_the_gridded_remaining_stations(variant):
    """A gridder that never knew of the missing stations gives the same images."""
    p = plan(n_samples=5, representations=["img", "its", "ts"], **VARIANTS[variant])
    found, maker = made(p), p.make
    ts, lat, lon = found["ts"].astype(np.float64), maker.stations.lat, maker.stations.lon
    series = [(found["img"], ts[:, :, 51] - ts[:, :, 49])]
    series += [(found["its"][:, k], ts[:, :, 43 + k]) for k in (0, 7, 14)]
    for images, values in series:
        for row in range(5):
            there = ~np.isnan(values[row, :, 0])
            assert 4 <= there.sum() < M
            alone = SplineGridder(maker.gridder.grid).fit(lat[there], lon[there], maker.gridder.land_)
            want = np.moveaxis(alone.transform(values[row, there].T), 0, -1)
            np.testing.assert_allclose(images[row], want, atol=1e-5 * np.abs(want).max() + 1e-4)


@pytest.mark.parametrize("representation", ["img", "ts", "its", "offset"])
@pytest.mark.parametrize("mechanisms", ["thrust", "all"])
def test_every_combination_makes_what_it_plans(representation, mechanisms):
    for change in VARIANTS.values():
        p = plan(
            representations=[representation], sampling={"variant": mechanisms}, rows_per_shard=2, **change
        )
        shard = p.make(0, p.rows(0), p.rng(0))
        assert set(shard.arrays) == {a.name for a in p.arrays}
        for spec in p.arrays:
            assert shard.arrays[spec.name].shape == (2, *spec.shape)
            assert shard.arrays[spec.name].dtype == spec.dtype
        assert set(shard.counts) == set(p.attrs["policies"])
        assert (p.attrs["gaps"] is not None) == ("present" in shard.arrays)
        assert (p.attrs["post_seismic"] is not None) == ("tau" in shard.arrays)


def test_gaps_do_not_depend_on_the_representations(rows):
    some = made(plan(representations=["offset"], **DAILY))
    np.testing.assert_array_equal(some["present"], rows["daily"]["present"])


def test_shards_draw_their_own_gaps_and_motion(rows):
    found = rows["all"]
    assert len(np.unique(found["tau"])) == 20
    assert len(np.unique(found["present"], axis=0)) > 15
    other = made(plan(seed=12, representations=["offset"], **POST, **DAILY))
    assert not np.array_equal(other["tau"], found["tau"])


def test_bytes_depend_neither_on_workers_nor_on_the_process(tmp_path):
    files = []
    for workers in (1, 3):
        p = pickle.loads(pickle.dumps(plan(representations=["img", "ts"], **POST, **DAILY)))
        with dask.config.set(num_workers=workers):
            files.append(build(p, tmp_path / str(workers)).files())
    assert files[0] == files[1]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("variants") / "store"
    build(plan(n_samples=16, representations=["img", "ts", "offset"], **POST, **DAILY), folder)
    return folder


def test_a_store_tells_its_variants(sealed):
    store = Store(sealed)
    assert {"tau", "post_ratio", "present"} <= set(store.names)
    assert store.array("tau").attrs["units"] == "day"
    assert store.attrs["gaps"]["days"].startswith("0.2 of the days")
    assert store.attrs["post_seismic"]["post_ratio_drawn_per"] == "station"
    assert set(store.attrs["policies"]) == set(store.attrs["policies_applied"])
    train = store.rows_of("train")
    for name in ("ts", "offset"):
        values = store.read(name)[train].astype(np.float64).reshape(-1, 2)
        kept = store.attrs["statistics"][name]
        np.testing.assert_allclose(kept["mean"], np.nanmean(values, axis=0), rtol=1e-9)
        np.testing.assert_allclose(kept["std"], np.nanstd(values, axis=0), rtol=1e-9)
        assert kept["count"] == np.isfinite(values[:, 0]).sum() < len(values)


def test_a_store_with_variants_grows_and_is_mended(sealed, tmp_path):
    folder = tmp_path / "store"
    shutil.copytree(sealed, folder)
    before = read_manifest(folder).files()
    options = SourceSynthetic.Options.model_validate(dict(read_manifest(folder).origin["options"]))
    grown = SourceSynthetic(options.model_copy(update={"n_samples": 24}), None)
    manifest = append(grown.appended_to(read_manifest(folder)).plan(), folder)
    shards = [name for name in before if "/c/" in name]
    assert {name: manifest.files()[name] for name in shards} == {name: before[name] for name in shards}
    assert Store(folder).read("present").shape == (24, M)
    (folder / "ts/c/2/0/0/0").write_bytes(b"?")
    (folder / "present/c/0/0").unlink()
    done = repair(folder, recipe_of_store(folder, None).plan())
    assert done.shards == [0, 2]
    assert verify(folder) == []
    fresh = build(recipe_of_store(folder, None).plan(), tmp_path / "fresh")
    assert fresh.files() == manifest.files()


@pytest.mark.parametrize("variant", ["post", "daily", "all"])
@pytest.mark.parametrize("representation", ["img", "ts", "offset"])
def test_pictures(tmp_path, variant, representation):
    p = plan(n_samples=8, representations=[representation], **VARIANTS[variant])
    build(p, tmp_path / "store")
    SourceSynthetic.plot(Store(tmp_path / "store"), tmp_path / "card.png")
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "card.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    "change",
    [
        {"post_seismic": {"amplitude_low": 2.0}},
        {"post_seismic": {"tau_low_days": 60.0}},
        {"post_seismic": {"tau_low_days": 0.0}},
        {"post_seismic": {"ratio_per": "network"}},
        {"gaps": {"share_low": 0.7}},
        {"gaps": {"share_high": 1.0}},
        {"gaps": {"least_stations": M + 1}},
        {"gaps": {"daily_share": 0.8, "daily_run_days": 2.0}},
        {"gaps": {"share": 0.5}},
    ],
)
def test_wrong_options(change):
    with pytest.raises(ValidationError):
        plan(**change)
