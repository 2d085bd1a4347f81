import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.datasets.lock import exclusive
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.share import Share, build_share, missing
from slipbench.datasets.store.writer import building, start, write_shard

from .toy import toy_plan, tree


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("share") / "whole"
    build(toy_plan(), folder)
    return tree(folder)


@settings(max_examples=25, deadline=None)
@given(of=st.integers(1, 10), data=st.data())
def test_any_order_of_shares_gives_the_store_of_one_process(tmp_path_factory, whole, of, data):
    folder = tmp_path_factory.mktemp("any")
    order = data.draw(st.permutations(range(of)))
    found = [build_share(toy_plan(), folder, Share(index, of)) for index in order]
    assert tree(folder) == whole
    last = max(place for place, index in enumerate(order) if index < toy_plan().n_shards)
    assert [manifest is not None for manifest in found] == [place >= last for place in range(of)]


def test_every_shard_belongs_to_one_share():
    plan = toy_plan(n_rows=1000)
    for of in (1, 3, 63, 64, 200):
        owned = [shard for index in range(of) for shard in Share(index, of).shards(plan)]
        assert sorted(owned) == list(range(plan.n_shards))


@pytest.mark.parametrize(("index", "of"), [(-1, 2), (2, 2), (0, 0)])
def test_an_impossible_share_is_refused(index, of):
    with pytest.raises(ValueError, match="are possible"):
        Share(index, of)


def test_a_share_that_was_cut_off_writes_only_what_it_lacks(tmp_path, whole, monkeypatch):
    plan, folder, share = toy_plan(), tmp_path, Share(1, 3)
    with building(folder):
        start(folder, plan)
        write_shard(folder, plan, 1)
    stamp = (folder / "img/c/1/0/0/0").stat().st_mtime_ns
    assert build_share(plan, folder, share) is None
    assert (folder / "img/c/1/0/0/0").stat().st_mtime_ns == stamp
    assert missing(folder, plan) == plan.n_shards - len(share.shards(plan))
    for index in (0, 2):
        build_share(plan, folder, Share(index, 3))
    assert tree(folder) == whole


def test_a_share_that_comes_again_to_a_sealed_store_changes_nothing(tmp_path, whole):
    build(toy_plan(), tmp_path)
    manifest = build_share(toy_plan(), tmp_path, Share(1, 4))
    assert manifest is not None
    assert tree(tmp_path) == whole


@pytest.mark.parametrize("turn", range(5))
def test_shares_at_the_same_time(tmp_path, whole, turn):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: build_share(toy_plan(), tmp_path, Share(index, 4)), range(4)))
    assert any(manifest is not None for manifest in found)
    assert tree(tmp_path) == whole


def test_another_dataset_in_the_folder_is_refused(tmp_path):
    build_share(toy_plan(), tmp_path, Share(0, 2))
    with pytest.raises(InputError, match="holds dataset"):
        build_share(toy_plan(seed=4), tmp_path, Share(1, 2))


def test_who_waits_for_a_lock_whose_folder_goes_holds_the_new_one(tmp_path: Path):
    lock, order = tmp_path / "made" / "lock", []

    def second() -> None:
        with exclusive(lock, "here", "build", wait=True):
            order.append(lock.exists())

    with exclusive(lock, "here", "build"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        assert not order
        lock.unlink()
        lock.parent.rmdir()
    thread.join(10)
    assert order == [True]
