"""Uncompressed shards: the same bytes as zarr-python's, any rows in any order, and no damage unnoticed."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import Crc32cCodec, ZstdCodec

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.direct import DirectArray
from slipbench.datasets.store.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from slipbench.datasets.store.plan import ArraySpec
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.shard_file import write_shard_file
from slipbench.datasets.store.verify import verify

from .toy import toy_plan

SHAPES = [(), (3,), (2, 5), (4, 3, 2)]
DTYPES = ["float32", "float64", "float16", "uint8", "int64", "bool", "complex64"]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[tuple[int, ...], str, int, int, int]:
    """Row shape, type, rows, rows a shard, rows a chunk."""
    shard = draw(st.sampled_from([1, 4, 6, 8]))
    chunk = draw(st.sampled_from([n for n in range(1, shard + 1) if shard % n == 0]))
    n_rows = draw(st.integers(1, 3 * shard))
    return draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES)), n_rows, shard, chunk


def made(shape: tuple[int, ...], dtype: str, n: int, seed: int) -> np.ndarray:
    raw = np.random.default_rng(seed).integers(0, 256, (n, *shape, np.dtype(dtype).itemsize), np.uint8)
    return (raw[..., 0] > 127) if dtype == "bool" else raw.view(dtype)[..., 0]


def create(folder: Path, layout: tuple[tuple[int, ...], str, int, int, int]) -> zarr.Array:
    shape, dtype, n, shard, chunk = layout
    return zarr.create_array(
        zarr.storage.LocalStore(folder),
        shape=(n, *shape),
        shards=(shard, *shape),
        chunks=(chunk, *shape),
        dtype=dtype,
        compressors=Crc32cCodec(),
        config={"write_empty_chunks": True},
    )


@settings(max_examples=150, deadline=None)
@given(layout=layouts(), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_zarr_and_we_write_and_read_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    layout: tuple[tuple[int, ...], str, int, int, int],
    seed: int,
    data: st.DataObject,
) -> None:
    shape, dtype, n, shard, chunk = layout
    folder = tmp_path_factory.mktemp("layout")
    values = made(shape, dtype, n, seed)
    theirs, ours = create(folder / "theirs", layout), create(folder / "ours", layout)
    theirs[...] = values
    for first in range(0, n, shard):
        file = "/".join(["c", str(first // shard), *("0" for _ in shape)])
        write_shard_file(folder / "ours" / file, values[first : first + shard], chunk, shard // chunk)
        assert (folder / "ours" / file).read_bytes() == (folder / "theirs" / file).read_bytes()
    np.testing.assert_array_equal(ours[...].view(np.uint8), values.view(np.uint8))
    rows = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=2 * n)), np.int64)
    for name, array in (("ours", ours), ("theirs", theirs)):
        assert DirectArray.fits(array)
        out = np.empty((len(rows), *shape), dtype)
        DirectArray(folder / name, array).read(rows, out)
        assert out.tobytes() == values[rows].tobytes()


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    build(toy_plan(), tmp_path / "store")
    return tmp_path / "store"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_store_reads_as_numpy_indexes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "read_as_numpy"
    build(toy_plan(), folder)
    store = Store(folder)
    name = data.draw(st.sampled_from(["img", "target", "split", "node"]))
    whole = np.asarray(store.array(name)[...])
    n = len(whole)
    rows = data.draw(
        st.one_of(
            st.none(),
            st.slices(n),
            st.lists(st.integers(0, n - 1)).map(lambda r: np.array(r, np.int64)),
            st.permutations(range(n)).map(lambda r: np.array(r, np.uint16)),
        )
    )
    wanted = whole if rows is None else whole[rows]
    np.testing.assert_array_equal(store.read(name, rows), wanted)
    buffer = np.empty_like(wanted, order="C")
    assert store.read(name, rows, buffer) is buffer
    np.testing.assert_array_equal(buffer, wanted)


def test_rows_and_buffers_that_do_not_fit_are_refused(sealed: Path) -> None:
    store = Store(sealed)
    for rows in (np.array([-1]), np.array([100]), np.array([[1]]), np.array([1.0]), np.ones(100, bool)):
        with pytest.raises(IndexError):
            store.read("img", rows)
    for buffer in (
        np.empty((2, 6, 4, 2), "f4"),
        np.empty((3, 6, 4, 2), "f8"),
        np.empty((3, 6, 4, 2), "f4", order="F"),
    ):
        with pytest.raises(ValueError, match="a buffer"):
            store.read("img", slice(3), buffer)


def test_rows_are_raw_with_a_checksum_a_chunk_and_static_arrays_compressed(sealed: Path) -> None:
    store = Store(sealed)
    for name in ("img", "target", "split"):
        assert DirectArray.fits(store.array(name))
    assert isinstance(store.array("node").compressors[0], ZstdCodec)
    assert store.array("img").chunks == (4, 6, 4, 2)  # as asked for
    assert store.array("target").chunks == (16, 3)  # a shard, which is small


@pytest.mark.parametrize(
    ("shape", "shard", "wanted"),
    [
        ((15, 76, 36, 2), 256, 1),
        ((76, 36, 2), 256, 1),
        ((300, 2), 256, 8),
        ((3,), 256, 256),
        ((300, 2), 250, 10),
    ],
)
def test_rows_a_chunk(shape: tuple[int, ...], shard: int, wanted: int) -> None:
    assert ArraySpec("x", shape, "float32", (), "1", "").rows_per_chunk(shard) == wanted


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_found_by_reading(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damage"
    build(toy_plan(n_rows=40), folder)
    name = data.draw(st.sampled_from(["img", "target", "split"]))
    shard = data.draw(st.integers(0, 2))
    path = next((folder / name / "c" / str(shard)).rglob("*"), folder / name / "c" / str(shard))
    while path.is_dir():
        path = next(path.iterdir())
    before = path.read_bytes()
    kind = data.draw(st.sampled_from(["flip", "cut", "grown", "gone"]))
    try:
        if kind == "flip":
            raw = bytearray(before)
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(raw)
        elif kind == "cut":
            path.write_bytes(before[: data.draw(st.integers(0, len(before) - 1))])
        elif kind == "grown":
            path.write_bytes(before + b"x")
        else:
            path.unlink()
        store, rows = Store(folder), np.random.default_rng(0).permutation(40)
        with pytest.raises(InputError, match="slipbench verify") as error:
            store.read(name, rows)
        assert str(path) in str(error.value)
        assert [f.file for f in verify(folder)] == [path.relative_to(folder).as_posix()]
    finally:
        path.write_bytes(before)
    assert verify(folder) == []


def test_a_chunk_that_was_never_written_is_no_fill_value(sealed: Path) -> None:
    plan = toy_plan()
    made = plan.make(1, plan.rows(1), plan.rng(1)).arrays["img"]
    write_shard_file(sealed / "img/c/1/0/0/0", made[:8], 4, 4)
    assert not np.asarray(zarr.open_group(sealed, mode="r")["img"][24:32]).any()  # zarr-python says zeros
    store = Store(sealed)
    np.testing.assert_array_equal(store.read("img", np.arange(23, 15, -1)), made[7::-1])
    with pytest.raises(InputError, match="chunk 2 is missing"):
        store.read("img", slice(16, 32))


def test_damage_after_the_first_read_is_found_and_so_is_its_repair(sealed: Path) -> None:
    store, path = Store(sealed), sealed / "img/c/0/0/0/0"
    wanted, before = store.read("img"), path.read_bytes()
    raw = bytearray(before)
    raw[5] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="checksum of chunk 0 does not match"):
        store.read("img", slice(0, 1))
    assert repair(sealed, toy_plan()).shards == [0]
    np.testing.assert_array_equal(store.read("img"), wanted)
    os.truncate(path, 100)
    with pytest.raises(InputError, match=f"chunk 0 is cut off; expected a file of {len(before)} bytes"):
        store.read("img", slice(0, 1))


def test_few_shards_stay_open(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slipbench.datasets.store.direct.OPEN_SHARDS", 2)
    store = Store(sealed)

    def held() -> int:
        open_files = (os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
        return sum(file.startswith(f"{sealed}/img/c/") for file in open_files)

    rows = np.random.default_rng(0).permutation(100)
    for _ in range(3):
        np.testing.assert_array_equal(store.read("img", rows), store.read("img")[rows])
        assert held() == 2


def test_what_the_disk_refuses_is_one_error(sealed: Path) -> None:
    path = sealed / "target/c/1/0"
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match=r"target/c/1/0: Is a directory; .*slipbench repair"):
        Store(sealed).read("target")


def test_damaged_static_arrays_are_found(sealed: Path) -> None:
    path = sealed / "node/c/0"
    raw = bytearray(path.read_bytes())
    raw[-6] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="cannot be decoded"):
        Store(sealed).read("node")
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        Store(sealed).read("node")


def compressed(folder: Path) -> None:
    """Make a store what version 2 wrote: the rows compressed by zarr-python, another manifest."""
    manifest, group = read_manifest(folder), zarr.open_group(folder, mode="r+")
    for name in ("img", "target", "split"):
        old = group[name]
        values, meta = np.asarray(old[...]), old.metadata
        group.create_array(
            name,
            data=values,
            chunks=old.chunks,
            shards=old.shards,
            compressors=ZstdCodec(level=1, checksum=True),
            dimension_names=meta.dimension_names,
            attributes=dict(old.attrs),
            overwrite=True,
        )
    write_manifest(folder, Manifest(**{**vars(manifest), "schema_version": 2}))


def test_compressed_stores_of_version_2_read_the_same(sealed: Path, tmp_path: Path) -> None:
    wanted = {name: Store(sealed).read(name) for name in ("img", "target", "split", "node")}
    compressed(sealed)
    store, rows = Store(sealed), np.random.default_rng(1).permutation(100)[:60]
    assert store.manifest.schema_version == 2
    for name, values in wanted.items():
        np.testing.assert_array_equal(store.read(name), values)
        if name != "node":
            assert not DirectArray.fits(store.array(name))
            np.testing.assert_array_equal(store.read(name, rows), values[rows])
            np.testing.assert_array_equal(store.read(name, slice(5, 90, 3)), values[5:90:3])
    raw = bytearray((sealed / "img/c/2/0/0/0").read_bytes())
    raw[40] ^= 1
    (sealed / "img/c/2/0/0/0").write_bytes(raw)
    store.read("img", slice(0, 32))
    with pytest.raises(InputError, match="cannot be decoded"):
        store.read("img", np.array([33]))


def test_the_format_is_part_of_the_hash(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So an older store is neither resumed, repaired nor taken for an equal one."""
    new = toy_plan().dataset_hash
    monkeypatch.setattr("slipbench.datasets.store.plan.SCHEMA_VERSION", 2)
    old = toy_plan().dataset_hash
    assert old != new
    manifest = read_manifest(sealed)
    write_manifest(sealed, replace(manifest, schema_version=2, dataset_hash=old))
    monkeypatch.undo()
    before = (sealed / MANIFEST).read_bytes()
    with pytest.raises(InputError, match="use the version of slipbench that built it"):
        repair(sealed, toy_plan())
    with pytest.raises(InputError, match="choose another --out"):
        build(toy_plan(), sealed)
    assert (sealed / MANIFEST).read_bytes() == before
