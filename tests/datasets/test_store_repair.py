import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_options import SourceSyntheticOptions
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.manifest import MANIFEST
from slipbench.datasets.store.plan import Source
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.verify import verify

from .toy import ToyMaker, toy_plan, tree


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "store"
    build(toy_plan(), folder)
    return folder


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)


def test_exactly_the_damaged_shards_are_made_again(sealed: Path) -> None:
    before = tree(sealed)
    kept = {p: (sealed / p).stat().st_ino for p in before}
    flip(sealed / "img/c/1/0/0/0")
    (sealed / "target/c/4/0").unlink()
    made: list[int] = []

    class Seen(ToyMaker):
        def __call__(self, shard, rows, rng):
            made.append(shard)
            return super().__call__(shard, rows, rng)

    done = repair(sealed, replace(toy_plan(), make=Seen(6, 4)))
    assert done.shards == made == [1, 4]
    assert done.files == ["img/c/1/0/0/0", "target/c/4/0"]
    assert tree(sealed) == before
    touched = {p for p, stamp in kept.items() if (sealed / p).stat().st_ino != stamp}
    assert touched == set(done.files)


@pytest.mark.parametrize("name", ["zarr.json", "img/zarr.json", "node/zarr.json", "node/c/0"])
@pytest.mark.parametrize("how", ["missing", "changed"])
def test_metadata_and_static_arrays_come_back_without_a_shard_made(sealed: Path, name: str, how: str) -> None:
    before = tree(sealed)
    (sealed / name).unlink() if how == "missing" else flip(sealed / name)
    assert [(f.file, f.problem) for f in verify(sealed)] == [(name, how)]
    done = repair(sealed, toy_plan())
    assert (done.shards, done.files, done.foreign) == ([], [name], [])
    assert tree(sealed) == before
    assert len(Store(sealed)) == 100


def test_a_lost_array_comes_back(sealed: Path) -> None:
    before = tree(sealed)
    shutil.rmtree(sealed / "img")
    assert repair(sealed, toy_plan()).shards == list(range(7))
    assert tree(sealed) == before


def test_foreign_files_are_told_and_stay(sealed: Path) -> None:
    (sealed / "img" / "notes.txt").write_text("mine")
    flip(sealed / "split/c/0")
    done = repair(sealed, toy_plan())
    assert done.foreign == ["img/notes.txt"]
    assert (sealed / "img" / "notes.txt").read_text() == "mine"
    assert [(f.file, f.problem) for f in verify(sealed)] == [("img/notes.txt", "foreign")]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_damage_is_repaired(original: Path, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("damage") / "store"
    shutil.copytree(original, folder)
    before, chance = tree(folder), random.Random(seed)
    for name in chance.sample(sorted(set(before) - {MANIFEST}), chance.randint(1, 12)):
        action = chance.choice(["remove", "cut", "flip"])
        path = folder / name
        if action == "remove":
            path.unlink()
        elif action == "cut":
            os.truncate(path, path.stat().st_size // 2)
        else:
            flip(path)
    assert len(verify(folder)) == len(repair(folder, toy_plan()).files)
    assert tree(folder) == before


def test_an_intact_store_is_left_alone(sealed: Path) -> None:
    before = tree(sealed)
    done = repair(sealed, toy_plan())
    assert (done.shards, done.files) == ([], [])
    assert tree(sealed) == before


def test_other_options_and_other_inputs_are_refused(sealed: Path) -> None:
    flip(sealed / "split/c/0")
    before = tree(sealed)
    with pytest.raises(InputError, match="which its options give now"):
        repair(sealed, toy_plan(seed=8))
    with pytest.raises(InputError, match=r"stations\.csv.*expected none, with which"):
        repair(sealed, replace(toy_plan(), sources=(Source("stations.csv", "ab" * 32),)))
    assert tree(sealed) == before


def test_a_maker_that_gives_other_bytes_now_changes_nothing(sealed: Path) -> None:
    class Other(ToyMaker):
        def __call__(self, shard, rows, rng):
            made = super().__call__(shard, rows, rng)
            return replace(
                made, arrays={**made.arrays, "img": np.nextafter(made.arrays["img"], np.float32(9))}
            )

    (sealed / "img/c/2/0/0/0").unlink()
    before = tree(sealed)
    with pytest.raises(InputError, match="made again it has other bytes"):
        repair(sealed, replace(toy_plan(), make=Other(6, 4)))
    assert tree(sealed) == before


def _options(**changes: object) -> SourceSyntheticOptions:
    base = {"recipe": "source_synthetic", "name": "tiny", "n_samples": 24, "rows_per_shard": 8}
    return SourceSyntheticOptions(**(base | {"n_stations": 12, "stations": "made"} | changes))


def test_the_plan_comes_from_the_manifest_alone(tmp_path: Path) -> None:
    plan = SourceSynthetic(_options(), None).plan()
    build(plan, tmp_path / "s")
    (tmp_path / "s" / "zarr.json").unlink()
    assert recipe_of_store(tmp_path / "s", None).plan().dataset_hash == plan.dataset_hash


def test_a_manifest_of_version_1_is_read_and_not_repaired(sealed: Path) -> None:
    raw = json.loads((sealed / MANIFEST).read_text())
    raw = {k: v for k, v in raw.items() if k != "origin"} | {"schema_version": 1}
    raw["shards"] = [{k: s[k] for k in ("first_row", "n_rows", "files")} for s in raw["shards"]]
    (sealed / MANIFEST).write_text(json.dumps(raw))
    assert len(Store(sealed)) == 100
    assert verify(sealed) == []
    with pytest.raises(InputError, match="does not say how it was built"):
        recipe_of_store(sealed, None)
