"""The loader over several ranks and from the middle of an epoch; no process is started."""

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.trainers import loader
from slipbench.trainers.loader import BlockRows, Loader, batch_edges


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shards a block, so that the toy store's twelve make six blocks."""
    monkeypatch.setattr(loader, "SHARDS_PER_BLOCK", 2)


def make(store: Store, rank: int = 0, world: int = 1, seed: int | None = 5, batch: int = 7) -> Loader:
    return Loader(BlockRows(store, ("img",), "train"), batch, seed, rank=rank, world_size=world)


def rows_of(one: Loader) -> list[list[int]]:
    return [rows.tolist() for *_, rows in one]


def spied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every row that is read from now on."""
    read, asked = Store.read, []

    def spy(self: Store, name: str, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        asked.extend(rows.tolist())
        return read(self, name, rows, out)

    monkeypatch.setattr(Store, "read", spy)
    return asked


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.integers(1, 40), st.integers(1, 5))
def test_batch_edges(n: int, batch: int, world: int) -> None:
    batches = -(-n // batch)
    if batches and n // batches < world:
        with pytest.raises(InputError, match="use fewer devices or larger batches"):
            batch_edges(n, batch, world)
        return
    edges = batch_edges(n, batch, world)
    assert edges.shape == (batches, world + 1)
    shares = np.diff(edges, axis=1)
    sizes = shares.sum(axis=1)
    assert sizes.sum() == n
    assert np.array_equal(edges[:, [0, -1]], batch_edges(n, batch, 1))  # whatever the number of ranks
    if n:
        assert edges[0, 0] == 0
        assert np.array_equal(edges[1:, 0], edges[:-1, -1])
        assert shares.min() >= 1
        assert (shares.max(axis=1) - shares.min(axis=1)).max() <= 1
        assert sizes.max() - sizes.min() <= 1
        assert sizes.max() <= batch


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("seed", [5, None])
@pytest.mark.parametrize("epoch", [0, 4])
def test_ranks_share_the_batches_of_one(toy_store: Store, world: int, seed: int | None, epoch: int) -> None:
    ranks = [make(toy_store, rank, world, seed) for rank in range(world)]
    whole = make(toy_store, seed=seed)
    for one in (*ranks, whole):
        one.set_epoch(epoch)
    wanted = rows_of(whole)
    shared = [list(chain(*shares)) for shares in zip(*(rows_of(one) for one in ranks), strict=True)]
    assert shared == wanted
    assert [whole.rows_in(k) for k in range(len(whole))] == [len(batch) for batch in wanted]
    assert [ranks[0].rows_in(k) for k in range(len(whole))] == [len(batch) for batch in wanted]
    assert sorted(row for batch in wanted for row in batch) == toy_store.rows_of("train").tolist()


def test_rows_carry_their_own_values_on_every_rank(toy_store: Store) -> None:
    images = toy_store.read("img")
    for rank in range(3):
        for x, rows in make(toy_store, rank, 3):
            np.testing.assert_array_equal(x.numpy(), images[rows.numpy()])


def test_a_rank_reads_only_its_own_rows(toy_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = [make(toy_store, rank, 3) for rank in range(3)]
    asked = spied(monkeypatch)
    for one in ranks:
        asked.clear()
        batches = rows_of(one)
        assert asked == [row for batch in batches for row in batch]


@pytest.mark.parametrize("world", [1, 3])
def test_an_epoch_goes_on_from_any_batch(toy_store: Store, world: int) -> None:
    for rank in range(world):
        whole = make(toy_store, rank, world)
        whole.set_epoch(2)
        wanted = rows_of(whole)
        for done in range(len(wanted) + 1):
            first = make(toy_store, rank, world)
            first.set_epoch(2)
            batches = iter(first)
            before = [next(batches)[-1].tolist() for _ in range(done)]
            state = first.state_dict()
            assert state == {"epoch": 2, "batch": done}
            second = make(toy_store, rank, world)
            second.load_state_dict(state)
            second.set_epoch(2)  # as a trainer does before every epoch
            assert before + rows_of(second) == wanted
            assert rows_of(second) == wanted  # the iteration after that is a whole one
            second.load_state_dict(state)
            second.set_epoch(3)
            assert len(rows_of(second)) == len(wanted)


def test_an_iteration_that_was_left_does_not_shorten_the_next(toy_store: Store) -> None:
    one = make(toy_store)
    next(iter(one))
    assert len(rows_of(one)) == len(one)


def test_resuming_skips_the_rows_that_are_done(toy_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make(toy_store)
    one.load_state_dict({"epoch": 0, "batch": len(one) - 1})
    asked = spied(monkeypatch)
    (last,) = rows_of(one)
    assert asked == last


def test_a_state_of_another_loader_is_refused(toy_store: Store) -> None:
    with pytest.raises(ValueError, match="batch 99 of"):
        make(toy_store).load_state_dict({"epoch": 0, "batch": 99})
    with pytest.raises(ValueError, match="rank 2 of 2"):
        make(toy_store, 2, 2)


def test_batches_of_kept_rows_are_the_same(toy_store: Store) -> None:
    kept = BlockRows(toy_store, ("img",), "train")
    kept.keep()
    for rank in range(2):
        mine, theirs = Loader(kept, 7, 5, rank=rank, world_size=2), make(toy_store, rank, 2)
        for a, b in zip(mine, theirs, strict=True):
            assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
