"""Embeddings are made once, survive a kill, and never belong to other images or weights."""

from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.verify import verify
from slipbench.datasets.store.writer import building, seal, start, write_shard
from slipbench.trainers import embed as module
from slipbench.trainers.embed import embed, read_embeddings
from slipbench.trainers.encoders.registry import ENCODERS
from slipbench.trainers.encoders.vit import Vit, VitOptions

TINY = VitOptions(architecture="vit_tiny_patch16_224", image_size=32, batch_size=3)


def _make(shard: int, rows: range, rng: np.random.Generator) -> Shard:
    return Shard(
        {"image": rng.normal(0, 10, (len(rows), 10, 12, 3)), "day": np.arange(rows.start, rows.stop)}
    )


def _images(folder: Path, seed: int = 0) -> Store:
    plan = Plan(
        recipe="pictures",
        recipe_version=1,
        options={},
        seed=seed,
        n_rows=10,
        rows_per_shard=4,
        arrays=(
            ArraySpec("image", (10, 12, 3), "float32", ("lat", "lon", "component"), "mm", "pictures"),
            ArraySpec("day", (), "int64", (), "d", "day number"),
        ),
        static=(),
        attrs={},
        sources=(),
        statistics=(),
        make=_make,
    )
    folder.mkdir()
    with building(folder):
        for shard in start(folder, plan):
            write_shard(folder, plan, shard)
        seal(folder, plan)
    return Store(folder)


@pytest.fixture
def images(tmp_path: Path) -> Store:
    return _images(tmp_path / "images")


def _forbid(self: Vit, *args: object) -> None:
    raise AssertionError("the cache was not used")


def test_rows_equal_the_encoder_on_the_same_images(images: Store, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    store = embed(TINY, images, "image", tmp_path / "cache", lambda *p: seen.append(p))
    whole = Vit(TINY).encode(images.read("image"))
    np.testing.assert_allclose(read_embeddings(store), whole, atol=1e-5)
    assert read_embeddings(store).shape == (10, 192)
    assert seen == [(0, 10), (4, 10), (8, 10), (10, 10)]
    assert verify(store.folder) == []
    assert store.attrs["options"]["weights_sha256"] == Vit(TINY).weights_sha256
    assert store.attrs["options"]["dataset_hash"] == images.dataset_hash


def test_second_call_reads_the_cache(images: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = embed(TINY, images, "image", tmp_path / "cache")
    monkeypatch.setattr(Vit, "encode", _forbid)
    again = embed(TINY, images, "image", tmp_path / "cache")
    assert again.folder == first.folder
    np.testing.assert_array_equal(read_embeddings(again), read_embeddings(first))


@pytest.mark.parametrize("change", [{"seed": 1}, {"scale_mm": 7.0}, {"precision": "bf16"}])
def test_other_options_make_other_embeddings(images: Store, tmp_path: Path, change: dict) -> None:
    first = embed(TINY, images, "image", tmp_path / "cache")
    other = embed(TINY.model_copy(update=change), images, "image", tmp_path / "cache")
    assert other.folder != first.folder
    assert not np.array_equal(read_embeddings(other), read_embeddings(first))


def test_other_images_make_other_embeddings(images: Store, tmp_path: Path) -> None:
    other = _images(tmp_path / "others", seed=1)
    folders = {embed(TINY, s, "image", tmp_path / "cache").folder for s in (images, other)}
    assert len(folders) == 2


def test_a_raised_version_of_the_encoder_makes_other_embeddings(
    images: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    first = embed(TINY, images, "image", tmp_path / "cache")
    monkeypatch.setattr(Vit, "info", replace(ENCODERS.info("vit"), version=99))
    assert embed(TINY, images, "image", tmp_path / "cache").folder != first.folder


def test_interrupted_call_goes_on_where_it_stopped(
    images: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embed(TINY, images, "image", tmp_path / "whole")
    real, made = module.write_shard, []

    def die_at_the_third(folder: Path, plan: Plan, shard: int) -> object:
        made.append(shard)
        if len(made) == 3:
            raise KeyboardInterrupt
        return real(folder, plan, shard)

    monkeypatch.setattr(module, "write_shard", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        embed(TINY, images, "image", tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    with pytest.raises(InputError, match="not sealed"):
        Store(folder)
    resumed = embed(TINY, images, "image", tmp_path / "cache")
    assert made == [0, 1, 2, 2]
    assert resumed.manifest.files() == whole.manifest.files()


def test_missing_pixels_are_counted(tmp_path: Path, images: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Store.read

    def with_gap(self: Store, name: str, rows: slice | None = None) -> np.ndarray:
        values = real(self, name, rows).copy()
        if name == "image":
            values[0, 0, 0] = np.nan
        return values

    monkeypatch.setattr(Store, "read", with_gap)
    store = embed(TINY, images, "image", tmp_path / "cache")
    assert store.attrs["policies_applied"] == {"missing_pixels_set_to_zero": 9}
    assert np.isfinite(read_embeddings(store)).all()


def test_arrays_that_are_no_images_are_refused(images: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"day: shape \(10,\) is no stack of images"):
        embed(TINY, images, "day", tmp_path / "cache")
    with pytest.raises(InputError, match="did you mean 'image'"):
        embed(TINY, images, "imag", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
