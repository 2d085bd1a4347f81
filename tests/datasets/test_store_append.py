import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes import append as module
from slipbench.datasets.recipes.append import append
from slipbench.datasets.recipes.base import Recipe
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_options import SourceSyntheticOptions
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.manifest import BUILDING, Manifest, read_manifest, write_manifest
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.verify import verify

from .toy import tree


def recipe(n: int, **changes: Any) -> SourceSynthetic:
    base = {"recipe": "source_synthetic", "name": "tiny", "n_samples": n, "rows_per_shard": 8, "seed": 4}
    base |= {"n_stations": 12, "stations": "made", "representations": ("img", "offset")}
    return SourceSynthetic(SourceSyntheticOptions(**(base | changes)), None)


def grow(folder: Path, n: int, **changes: Any) -> Recipe:
    grown = recipe(n, **changes).appended_to(read_manifest(folder))
    append(grown.plan(), folder)
    return grown


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "store"
    build(recipe(16).plan(), folder)
    return folder


def test_earlier_bytes_and_splits_stay_and_the_seal_is_new(sealed: Path) -> None:
    before, old = tree(sealed), Store(sealed)
    split = old.read("split")
    grow(sealed, 40)
    after, new = tree(sealed), Store(sealed)
    assert len(new) == 40
    assert new.dataset_hash != old.dataset_hash
    for name, raw in before.items():
        if "/c/" in name:
            assert after[name] == raw, name
    np.testing.assert_array_equal(new.read("split")[:16], split)
    assert np.bincount(new.read("split")[16:]).tolist() == [14, 5, 5]
    assert verify(sealed) == []
    train = new.read("img")[new.rows_of("train")].astype(np.float64)
    np.testing.assert_allclose(new.attrs["statistics"]["img"]["mean"], train.mean((0, 1, 2)), rtol=1e-10)


def test_a_grown_store_is_what_a_build_of_its_options_writes(sealed: Path, tmp_path: Path) -> None:
    grow(sealed, 24)
    grown = grow(sealed, 45)  # twice, the last shard not full
    assert grown.options.appended_at == (16, 24)
    build(recipe(45, appended_at=(16, 24)).plan(), tmp_path / "whole")
    assert tree(sealed) == tree(tmp_path / "whole")
    with pytest.raises(InputError, match="more, after whole shards"):
        grow(sealed, 60)


def test_appending_again_does_nothing(sealed: Path) -> None:
    grow(sealed, 24)
    before = tree(sealed)
    grow(sealed, 24)
    assert tree(sealed) == before


def test_a_grown_store_can_be_repaired(sealed: Path) -> None:
    grow(sealed, 32)
    before = tree(sealed)
    (sealed / "zarr.json").unlink()
    (sealed / "img/c/3/0/0/0").unlink()
    assert repair(sealed, recipe_of_store(sealed, None).plan()).shards == [3]
    assert tree(sealed) == before


@pytest.mark.parametrize("moved", [0, 1, 5, 9, 12])
def test_killed_while_files_move_the_same_command_ends_it(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    copied, copy = [], module.copy

    def dies(source: Path, target: Path) -> None:
        if len(copied) == moved:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.with_name(f".{target.name}.partial").write_bytes(b"half")
            raise KeyboardInterrupt
        copied.append(target)
        copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(module, "copy", dies)
        with pytest.raises(KeyboardInterrupt):
            grow(sealed, 24)
    assert len(copied) == moved
    assert Store(sealed).manifest.n_rows == 16
    grow(sealed, 24)
    build(recipe(24, appended_at=(16,)).plan(), tmp_path / "whole")
    assert tree(sealed) == tree(tmp_path / "whole")


def test_killed_after_the_seal_nothing_is_left_behind(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(folder: Path, manifest: Manifest) -> None:
        write_manifest(folder, manifest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_manifest", dies)
        with pytest.raises(KeyboardInterrupt):
            grow(sealed, 24)
    assert len(Store(sealed)) == 24
    assert (sealed / BUILDING / "append").exists()
    grow(sealed, 24)
    assert not (sealed / BUILDING).exists()
    assert verify(sealed) == []


def test_a_killed_append_keeps_the_shards_that_it_made(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    grown = recipe(64).appended_to(read_manifest(sealed))
    with pytest.raises(KeyboardInterrupt):
        append(grown.plan(), sealed, progress=dies)
    assert verify(sealed) == []  # the store is as it was
    seen: list[int] = []
    append(grown.plan(), sealed, progress=lambda done, total: seen.append(done))
    assert seen[0] >= 4
    assert len(Store(sealed)) == 64


def test_what_cannot_grow_is_refused_at_once(sealed: Path, tmp_path: Path) -> None:
    before = tree(sealed)
    for changes, words in (
        ({"n_stations": 13}, "n_stations: 13 differs"),
        ({"seed": 5}, "seed: 5 differs"),
        ({"rows_per_shard": 4}, "rows_per_shard: 4 differs"),
    ):
        with pytest.raises(InputError, match=words):
            grow(sealed, 24, **changes)
    with pytest.raises(InputError, match="n_samples: 8 after 16"):
        grow(sealed, 8)
    build(recipe(12).plan(), tmp_path / "part")
    with pytest.raises(InputError, match="whole shards of 8"):
        grow(tmp_path / "part", 24)
    (sealed / "img/c/0/0/0/0").write_bytes(b"?")
    with pytest.raises(InputError, match="run 'slipbench repair' first"):
        grow(sealed, 24)
    (sealed / "img/c/0/0/0/0").write_bytes(before["img/c/0/0/0/0"])
    shutil.rmtree(sealed / ".building")
    assert tree(sealed) == before
