from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers import loader
from slipbench.trainers.data import StoreData, content
from slipbench.trainers.loader import BlockOrder, BlockRows, Loader

from .toy_source import TARGETS, toy_source


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three shards a block, so that the toy store's twelve make several blocks."""
    monkeypatch.setattr(loader, "SHARDS_PER_BLOCK", 3)


def rows_of(batches: Loader, epoch: int) -> list[int]:
    batches.set_epoch(epoch)
    return [int(r) for *_, rows in batches for r in rows]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_row_of_the_split_once_in_even_batches(toy_store: Store, split: str) -> None:
    batches = Loader(BlockRows(toy_store, ("img",), split), 7, seed=1)
    batches.set_epoch(3)
    seen = [rows for *_, rows in batches]
    assert sorted(torch.cat(seen).tolist()) == toy_store.rows_of(split).tolist()
    sizes = [len(rows) for rows in seen]
    assert len(sizes) == len(batches)
    assert max(sizes) <= 7
    assert max(sizes) - min(sizes) <= 1


def test_rows_carry_their_own_values(toy_store: Store) -> None:
    images, targets = toy_store.read("img"), toy_store.read("target")
    for x, y, rows in Loader(BlockRows(toy_store, ("img", "target"), "train"), 10, seed=4):
        np.testing.assert_array_equal(x.numpy(), images[rows.numpy()])
        np.testing.assert_array_equal(y.numpy(), targets[rows.numpy()])


def test_order_is_that_of_seed_and_epoch(toy_store: Store) -> None:
    def order(seed: int | None, epoch: int) -> list[int]:
        return rows_of(Loader(BlockRows(toy_store, ("img",), "train"), 7, seed), epoch)

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)
    assert order(None, 0) == order(None, 5) == toy_store.rows_of("train").tolist()


def test_neither_processes_nor_memory_change_the_batches(toy_store: Store) -> None:
    kept = BlockRows(toy_store, ("img", "target"), "train")
    kept.keep()
    unkept = BlockRows(toy_store, ("img", "target"), "train")
    wanted = list(Loader(unkept, 16, seed=9))
    # Loader processes import the module afresh, with its own SHARDS_PER_BLOCK: blocks are cut here alone.
    for other in (Loader(kept, 16, seed=9), Loader(unkept, 16, seed=9, workers=2)):
        got = list(other)
        assert len(got) == len(wanted)
        for mine, theirs in zip(got, wanted, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


def test_blocks_are_read_by_whole_shards(toy_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = BlockRows(toy_store, ("img",), "train")
    asked: list[slice] = []
    read = Store.read

    def spy(self: Store, name: str, span: slice | None = None) -> np.ndarray:
        asked.append(span or slice(None))
        return read(self, name, span)

    monkeypatch.setattr(Store, "read", spy)
    list(Loader(rows, 5, seed=0))
    spans = sorted((s.start, s.stop) for s in asked)
    assert spans == [(r.start, r.stop) for r in toy_store.shard_rows()]
    asked.clear()
    rows.keep()
    list(Loader(rows, 5, seed=0))
    assert len(asked) == len(spans)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 3), st.integers(0, 1000))
def test_block_order_is_a_permutation(n: int, seed: int, epoch: int) -> None:
    order = BlockOrder(list(range(n)), seed)
    order.set_epoch(epoch)
    blocks = list(order)
    assert len(blocks) == len(order)
    assert sorted(s for b in blocks for s in b.shards) == list(range(n))
    assert len({b.key for b in blocks}) == len(blocks)


def test_data_module_keeps_the_training_rows_first(toy_store: Store) -> None:
    train = BlockRows(toy_store, ("img", "target"), "train")
    assert train.n_bytes == len(toy_store.rows_of("train")) * (12 * 8 * 2 * 4 + 3 * 8)
    for cache, expected in (
        (train.n_bytes - 1, (False, True)),
        (train.n_bytes, (True, False)),
        (1 << 30, (True,) * 2),
    ):
        data = StoreData(toy_store, "img", 8, seed=0, cache_bytes=cache)
        data.setup("fit")
        assert (data._train.kept, data._validation.kept) == expected
        assert data.n_train == train.n_rows
        assert len(data.train_dataloader()) == -(-train.n_rows // 8)


def test_content_of_a_store(toy_store: Store) -> None:
    found = content(toy_store, "img", "network 'img'")
    assert found.shape == (12, 8, 2)
    assert found.targets == TARGETS
    train = toy_store.read("img")[toy_store.rows_of("train")].astype(float)
    np.testing.assert_allclose(found.statistics["mean"], train.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(found.statistics["std"], train.std(axis=(0, 1, 2)))


def test_a_store_without_the_array_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, name="ts")
    with pytest.raises(InputError, match=r"no array 'img' among ts, target, split.*network 'img' reads"):
        content(store, "img", "network 'img'")


def test_a_store_whose_targets_are_not_described_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, targets=TARGETS[:2])
    with pytest.raises(InputError, match="2 described targets for 3 columns"):
        content(store, "img", "network 'img'")


def test_a_store_without_statistics_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, statistics=())
    with pytest.raises(InputError, match="no statistics of 'img'"):
        content(store, "img", "network 'img'")


def test_a_store_without_validation_rows_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 8)
    with pytest.raises(InputError, match="no validation rows"):
        StoreData(store, "img", 8, seed=0)
