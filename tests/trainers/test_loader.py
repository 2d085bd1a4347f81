import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers import loader
from slipbench.trainers.data import StoreData, content
from slipbench.trainers.loader import BlockRows, Loader
from slipbench.trainers.quiet import silent

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


def test_neither_threads_nor_memory_change_the_batches(toy_store: Store) -> None:
    kept = BlockRows(toy_store, ("img", "target"), "train")
    kept.keep()
    unkept = BlockRows(toy_store, ("img", "target"), "train")
    wanted = list(Loader(unkept, 16, seed=9))
    for other in (Loader(kept, 16, seed=9), *(Loader(unkept, 16, seed=9, workers=n) for n in (1, 3))):
        got = list(other)
        assert len(got) == len(wanted)
        for mine, theirs in zip(got, wanted, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


def test_each_row_is_read_once_and_not_at_all_when_kept(
    toy_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = BlockRows(toy_store, ("img",), "train")
    asked: list[int] = []
    read = Store.read

    def spy(self: Store, name: str, numbers: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        asked.extend(numbers.tolist())
        return read(self, name, numbers, out)

    monkeypatch.setattr(Store, "read", spy)
    list(Loader(rows, 5, seed=0))
    assert sorted(asked) == np.flatnonzero(read(toy_store, "split") == 0).tolist()
    asked.clear()
    rows.keep()
    assert len(asked) == rows.n_rows
    list(Loader(rows, 5, seed=0))
    assert len(asked) == rows.n_rows


def test_threads_read_a_little_ahead_and_stop_when_the_iteration_is_left(
    toy_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []
    read = BlockRows.read

    def spy(self: BlockRows, rows: np.ndarray, pin: bool = False) -> tuple[torch.Tensor, ...]:
        asked.append(rows)
        return read(self, rows, pin)

    monkeypatch.setattr(BlockRows, "read", spy)
    batches = iter(Loader(BlockRows(toy_store, ("img",), "train"), 2, seed=0, workers=2))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert 1 <= len(asked) <= 2 * loader.AHEAD + 1
    assert not [t for t in threading.enumerate() if t.name.startswith("slipbench-loader")]


def test_damage_that_a_thread_meets_reaches_the_caller(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24)
    (tmp_path / "store/img/c/0/0/0/0").unlink()
    with pytest.raises(InputError, match="slipbench repair"):
        list(Loader(BlockRows(store, ("img",), "train"), 4, seed=0, workers=2))


def test_batches_are_read_into_pinned_memory(toy_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU here: pinned memory is asked for, and the memory that is given is what is filled."""
    given: list[torch.Tensor] = []
    empty = torch.empty

    def allocate(*shape: int, pin_memory: bool, **kwargs: Any) -> torch.Tensor:
        assert pin_memory
        given.append(empty(*shape, **kwargs))
        return given[-1]

    monkeypatch.setattr(torch, "empty", allocate)
    x, _ = next(iter(Loader(BlockRows(toy_store, ("img",), "train"), 7, seed=1, pin=True)))
    assert x is given[0]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["train", "validation", "test"]), st.integers(0, 3), st.integers(0, 1000))
def test_an_order_is_a_permutation_that_mixes_a_few_shards(
    toy_store: Store, split: str, seed: int, epoch: int
) -> None:
    rows = BlockRows(toy_store, ("img",), split)
    order = rows.order(seed, epoch)
    assert sorted(order.tolist()) == toy_store.rows_of(split).tolist()
    shard = order // toy_store.manifest.rows_per_shard
    here = len(np.unique(shard))
    first = np.unique(shard, return_index=True)[1]
    last = len(shard) - 1 - np.unique(shard[::-1], return_index=True)[1]
    open_at_once = [int(((first <= i) & (i <= last)).sum()) for i in range(len(shard))]
    assert max(open_at_once) <= min(loader.SHARDS_PER_BLOCK, here)


def test_training_resumes_in_the_middle_of_an_epoch(toy_store: Store, tmp_path: Path) -> None:
    """Lightning keeps the loader's state in its checkpoints: the rest of the epoch follows, no row twice."""

    class Seen(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)
            self.seen: list[tuple[int, list[int]]] = []

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            self.seen.append((self.current_epoch, batch[-1].tolist()))
            return self.layer(torch.ones(1, 1)).sum()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.1)

    middle = tmp_path / "middle.ckpt"
    batches = Loader(BlockRows(toy_store, ("img",), "train"), 7, seed=3, workers=1)
    stop = len(batches) + 3  # batches done: one epoch and three of the next

    class Keep(pl.Callback):
        def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
            batches.set_epoch(trainer.current_epoch)

        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            if trainer.global_step == stop and not middle.exists():
                trainer.save_checkpoint(middle)

    def run(checkpoint: Path | None) -> list[tuple[int, list[int]]]:
        module = Seen()
        with silent():
            trainer = pl.Trainer(
                accelerator="cpu", max_epochs=3, logger=False, callbacks=[Keep()],
                enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            )  # fmt: skip
            trainer.fit(module, batches, ckpt_path=checkpoint, weights_only=True)
        return module.seen

    whole = run(None)
    assert len(batches) > 3
    assert run(middle) == whole[stop:]


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
    found = content(toy_store, "img")
    assert found.shape == (12, 8, 2)
    assert found.targets == TARGETS
    train = toy_store.read("img")[toy_store.rows_of("train")].astype(float)
    np.testing.assert_allclose(found.statistics["mean"], train.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(found.statistics["std"], train.std(axis=(0, 1, 2)))


def test_a_store_without_the_array_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, name="ts")
    with pytest.raises(InputError, match=r"no array 'img' among ts, target, split.*network 'img' reads"):
        content(store, "img")


def test_a_store_whose_targets_are_not_described_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, targets=TARGETS[:2])
    with pytest.raises(InputError, match="2 described targets for 3 columns"):
        content(store, "img")


def test_a_store_without_statistics_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, statistics=())
    with pytest.raises(InputError, match="no statistics of 'img'"):
        content(store, "img")


def test_a_store_without_validation_rows_is_refused(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 8)
    with pytest.raises(InputError, match="no validation rows"):
        StoreData(store, "img", 8, seed=0)
