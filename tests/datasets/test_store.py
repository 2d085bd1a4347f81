import json
import os
import pickle
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.pools import on_dask
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.statistics import mean_std, merge, moments
from slipbench.datasets.store.verify import verify
from slipbench.datasets.store.writer import building, seal, start, write_shard

from .toy import ToyMaker, toy_plan, tree


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    build(toy_plan(), tmp_path / "store")
    return tmp_path / "store"


def test_rows_arrive_as_made(sealed: Path) -> None:
    plan, store = toy_plan(), Store(sealed)
    assert len(store) == 100
    for shard, rows in enumerate(store.shard_rows()):
        made = plan.make(shard, rows, plan.rng(shard))
        np.testing.assert_array_equal(store.read("img", slice(rows.start, rows.stop)), made.arrays["img"])
        np.testing.assert_array_equal(
            store.read("target", slice(rows.start, rows.stop)), made.arrays["target"]
        )


def test_attributes_tell_policies_and_training_statistics(sealed: Path) -> None:
    store = Store(sealed)
    assert store.attrs["policies_applied"] == {"redrawn": 7}
    train = store.read("img")[store.rows_of("train")].astype(np.float64)
    np.testing.assert_allclose(store.attrs["statistics"]["img"]["mean"], train.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(store.attrs["statistics"]["img"]["std"], train.std((0, 1, 2)), rtol=1e-12)
    assert store.attrs["statistics"]["img"]["count"] == train[..., 0].size
    assert store.array("img").attrs["units"] == "mm"
    assert store.array("img").metadata.dimension_names == ("sample", "latitude", "longitude", "component")


def test_order_of_shards_and_interruptions_leave_no_trace(sealed: Path, tmp_path: Path) -> None:
    plan, folder = toy_plan(), tmp_path / "other"
    folder.mkdir()
    with building(folder):
        first = start(folder, plan)
        for shard in random.Random(1).sample(first, 4):
            write_shard(folder, plan, shard)
    (folder / "img" / "c" / "0.deadbeef.partial").write_bytes(b"half a chunk")
    build(plan, folder)
    assert tree(folder) == tree(sealed)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_distributed_client_gives_the_same_bytes(sealed: Path, tmp_path: Path, workers: int) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        seen: list[tuple[int, int]] = []
        build(toy_plan(), tmp_path / "other", on_dask(client), progress=lambda d, t: seen.append((d, t)))
    assert seen == [(i, 7) for i in range(8)]
    assert tree(tmp_path / "other") == tree(sealed)


def test_a_shard_damaged_while_building_is_made_again(sealed: Path, tmp_path: Path) -> None:
    plan, folder = toy_plan(), tmp_path / "other"
    folder.mkdir()
    with building(folder):
        for shard in start(folder, plan)[:3]:
            write_shard(folder, plan, shard)
        (folder / "target" / "c" / "1" / "0").write_bytes(b"")
        assert start(folder, plan) == [1, 3, 4, 5, 6]
    build(plan, folder)
    assert tree(folder) == tree(sealed)


def test_an_all_zero_shard_is_still_a_file(tmp_path: Path) -> None:
    class Zero(ToyMaker):
        def __call__(self, shard, rows, rng):
            made = super().__call__(shard, rows, rng)
            return replace(made, arrays={k: np.zeros_like(v) for k, v in made.arrays.items()})

    build(replace(toy_plan(), make=Zero(6, 4)), tmp_path / "zero")
    assert verify(tmp_path / "zero") == []
    (tmp_path / "zero" / "split" / "c" / "2").unlink()
    assert [(f.file, f.problem) for f in verify(tmp_path / "zero")] == [("split/c/2", "missing")]


def test_sealed_store_is_left_alone(sealed: Path) -> None:
    before = tree(sealed)
    build(toy_plan(), sealed)
    assert tree(sealed) == before


def test_another_dataset_is_refused(sealed: Path) -> None:
    with pytest.raises(InputError, match="choose another --out"):
        build(toy_plan(seed=4), sealed)


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("words")
    with pytest.raises(InputError, match="holds other files"):
        build(toy_plan(), tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "words"


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    with building(tmp_path), pytest.raises(InputError, match="another build"), building(tmp_path):
        pass


def test_unsealed_store_is_refused(tmp_path: Path) -> None:
    plan = toy_plan()
    with building(tmp_path):
        for shard in start(tmp_path, plan):
            write_shard(tmp_path, plan, shard)
    with pytest.raises(InputError, match="not sealed"):
        Store(tmp_path)
    with building(tmp_path):
        seal(tmp_path, plan)
    assert len(Store(tmp_path)) == 100


@pytest.mark.parametrize("uri", ["ftp://host/store", "http://host/store"])
def test_unsupported_scheme(uri: str) -> None:
    with pytest.raises(InputError, match="not supported"):
        Store(uri)


def test_file_uri(sealed: Path) -> None:
    assert Store(sealed.as_uri()).dataset_hash == toy_plan().dataset_hash


def test_missing_and_damaged_manifest(sealed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        Store(tmp_path / "nowhere")
    manifest = sealed / "manifest.json"
    raw = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(raw | {"schema_version": 99}))
    with pytest.raises(InputError, match="schema version 99"):
        Store(sealed)
    manifest.write_text("{")
    with pytest.raises(InputError, match="not readable"):
        Store(sealed)


def test_unknown_array_names_the_nearest(sealed: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'target'"):
        Store(sealed).read("targets")


def test_store_survives_pickling(sealed: Path) -> None:
    store = Store(sealed)
    copy = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(copy.read("img"), store.read("img"))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("flip") / "store"
    build(toy_plan(n_rows=20), folder)
    names = sorted(n for n in tree(folder) if n != "manifest.json" and os.path.getsize(folder / n))
    name = data.draw(st.sampled_from(names))
    raw = bytearray((folder / name).read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    (folder / name).write_bytes(raw)
    assert [(f.file, f.problem) for f in verify(folder)] == [(name, "changed")]


def test_foreign_file_is_found(sealed: Path) -> None:
    (sealed / "img" / "notes.txt").write_text("hello")
    assert [(f.file, f.problem) for f in verify(sealed)] == [("img/notes.txt", "foreign")]


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=6), seed=st.integers(0, 99))
def test_merged_moments_equal_those_of_the_whole(cuts: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(3, 2, (200, 2))
    values[seed % 200, 1] = np.nan
    merged = mean_std(merge([moments(part) for part in np.split(values, sorted(cuts))]))
    keep = values[np.isfinite(values).all(1)]
    np.testing.assert_allclose(merged["mean"], keep.mean(0), rtol=1e-10)
    np.testing.assert_allclose(merged["std"], keep.std(0), rtol=1e-10)
    assert merged["count"] == len(keep)


def test_hash_knows_options_seed_and_sources() -> None:
    base = toy_plan().dataset_hash
    assert toy_plan().dataset_hash == base
    assert len({base, toy_plan(seed=9).dataset_hash, toy_plan(kind="other").dataset_hash}) == 3
