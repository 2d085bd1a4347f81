"""Stores in object stores: the bytes, the seal and the checks of a store on a disk."""

import pickle
import uuid

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import files_below, folder_of
from slipbench.datasets.recipes.append import append
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.share import Share, build_share
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.verify import verify
from slipbench.datasets.store.writer import building, start, write_shard
from tests.object_store import BUCKET, environment, s3_server

from .toy import toy_plan, tree


@pytest.fixture(scope="module")
def server():
    with s3_server() as env, environment(env):
        yield env


@pytest.fixture(params=["memory", "s3"])
def uri(request):
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}/store"
    request.getfixturevalue("server")
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/store"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local") / "store"
    build(toy_plan(), folder)
    return folder


def remote_tree(uri: str) -> dict[str, bytes]:
    folder = folder_of(uri)
    return {name: (folder / name).read_bytes() for name, _ in files_below(folder)}


def test_the_same_files_as_on_a_disk(uri, local):
    build(toy_plan(), uri)
    assert remote_tree(uri) == tree(local)
    assert verify(folder_of(uri)) == []
    build(toy_plan(), uri)  # sealed: nothing to do
    assert remote_tree(uri) == tree(local)


def test_rows_in_any_order_and_static_arrays(uri, local):
    build(toy_plan(), uri)
    here, there = Store(local), pickle.loads(pickle.dumps(Store(uri)))
    assert there.dataset_hash == here.dataset_hash
    rows = np.array([99, 0, 17, 17, 50, 3, 2, 1])
    for name in here.names:
        np.testing.assert_array_equal(there.read(name), here.read(name))
    for name in ("img", "target", "split"):
        np.testing.assert_array_equal(there.read(name, rows), here.read(name, rows))


def test_an_interrupted_build_goes_on(uri, local, monkeypatch):
    plan, folder = toy_plan(), folder_of(uri)
    with building(folder):
        for shard in start(folder, plan)[:3]:
            write_shard(folder, plan, shard)
    with pytest.raises(InputError, match="not sealed"):
        Store(uri)
    made = []
    monkeypatch.setattr(
        "slipbench.datasets.recipes.pools.write_shard",
        lambda f, p, s: made.append(s) or write_shard(f, p, s),
    )
    build(plan, uri)
    assert sorted(made) == list(range(3, plan.n_shards))
    assert remote_tree(uri) == tree(local)


def test_shares(uri, local):
    found = [build_share(toy_plan(), uri, Share(index, 3)) for index in (2, 0, 1)]
    assert [manifest is not None for manifest in found] == [False, False, True]
    assert remote_tree(uri) == tree(local)


def test_a_share_that_begins_late_takes_nothing_from_the_others(uri, local):
    """No lock keeps it out while the others write."""
    plan, folder = toy_plan(), folder_of(uri)
    start(folder, plan)
    write_shard(folder, plan, 0)
    (folder / ".building" / "plan.json").unlink()  # as one that began at the same time sees it
    for index in (1, 0, 2):
        build_share(plan, uri, Share(index, 3))
    assert remote_tree(uri) == tree(local)


def test_damage_is_found_and_repaired(uri, local):
    build(toy_plan(), uri)
    folder = folder_of(uri)
    shard = folder / "img/c/2/0/0/0"
    shard.write_bytes(shard.read_bytes()[:-9] + b"123456789")
    (folder / "target/c/1/0").unlink()
    assert [(f.file, f.problem) for f in verify(folder)] == [
        ("img/c/2/0/0/0", "changed"),
        ("target/c/1/0", "missing"),
    ]
    store = Store(uri)
    with pytest.raises(InputError, match="index is damaged"):
        store.read("img", np.array([40]))
    with pytest.raises(InputError, match="target"):
        store.read("target", np.array([20]))
    assert repair(folder, toy_plan()).shards == [1, 2]
    assert remote_tree(uri) == tree(local)


def test_a_store_grows(uri, tmp_path):
    build(toy_plan(n_rows=64), uri)
    append(toy_plan(n_rows=128), uri)
    build(toy_plan(n_rows=64), tmp_path)
    append(toy_plan(n_rows=128), tmp_path)
    assert remote_tree(uri) == tree(tmp_path)


def test_another_dataset_is_refused(uri):
    build(toy_plan(), uri)
    with pytest.raises(InputError, match="holds dataset"):
        build(toy_plan(seed=4), uri)


def test_a_bucket_that_is_not_there_is_one_clear_error(server):
    with pytest.raises(InputError, match="cannot be reached"):
        Store("s3://slipbench-none/store")


@pytest.mark.parametrize("uri", ["s3://KEY:SECRET@bucket/store", "s3://bucket/store?secret=KEY"])
def test_credentials_in_a_uri_are_refused_and_not_repeated(uri):
    with pytest.raises(InputError, match="credentials") as raised:
        folder_of(uri)
    assert "KEY" not in str(raised.value)
