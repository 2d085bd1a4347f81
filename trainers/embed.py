"""Embeddings of a store's images, made once and kept in a sealed store of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.hashing import config_hash
from slipbench.datasets.store.manifest import MANIFEST
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.writer import building, seal, start, write_shard
from slipbench.trainers.encoders.base import Encoder, Progress, check_images
from slipbench.trainers.encoders.registry import ENCODERS


def _silent(done: int, total: int) -> None: ...


@dataclass(frozen=True)
class _Embed:
    """Maker of one shard; the network is loaded when the first shard needs it."""

    encoder: Encoder
    store: Store
    array: str

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        images = self.store.read(self.array, slice(rows.start, rows.stop))
        empty = int(np.isnan(images).sum())
        return Shard(
            {"embedding": self.encoder.encode(images), "row": np.array(rows, np.int64)},
            {"missing_pixels_set_to_zero": empty},
        )


def embed(options: Any, store: Store, array: str, cache: Path, progress: Progress = _silent) -> Store:
    """Embeddings of every row of an image array, from the cache when they are there.

    The cache folder is named by the hash of the encoder's options and version, its weights and the
    dataset, so a change of any of them makes other embeddings. An interrupted call goes on at the shard
    where it stopped.

    Parameters
    ----------
    options : Options
        Options of a registered encoder.
    store : Store
        Sealed store that holds the images.
    array : str
        Its row array of shape (n, height, width, 3), mm.
    cache : Path
        Folder of all cached embeddings.
    progress : callable, optional
        Called as ``progress(rows done, rows in all)``, first with what an earlier call left.

    Returns
    -------
    Store
        Row arrays ``embedding`` (n, width) float32 and ``row`` (n,) int64, the row of `store`.

    Raises
    ------
    InputError
        When the encoder cannot run (see its `check`), the array holds no images, or another process is
        writing the same embeddings.
    """
    check_images(f"{store.folder}: {array}", store.array(array).shape)
    encoder = ENCODERS.get(options.encoder)(options)
    encoder.check()
    plan = _plan(encoder, store, array)
    folder = cache / f"{options.encoder}-{array}-{plan.dataset_hash[:16]}"
    if not (folder / MANIFEST).exists():
        folder.mkdir(parents=True, exist_ok=True)
        with building(folder):
            todo = start(folder, plan)
            done = plan.n_rows - sum(len(plan.rows(s)) for s in todo)
            progress(done, plan.n_rows)
            for shard in todo:
                write_shard(folder, plan, shard)
                done += len(plan.rows(shard))
                progress(done, plan.n_rows)
            if not (folder / MANIFEST).exists():
                seal(folder, plan)
    return Store(folder)


def read_embeddings(embeddings: Store) -> np.ndarray:
    """Embeddings in the order of the rows of the store that they were made from, (n, width) float32."""
    rows = embeddings.read("row")
    if not np.array_equal(rows, np.arange(len(rows))):
        raise ValueError(f"{embeddings.folder}: rows are not in the order of the images")
    return embeddings.read("embedding")


def _plan(encoder: Encoder, store: Store, array: str) -> Plan:
    size = store.manifest.rows_per_shard
    return Plan(
        recipe="embedding",
        recipe_version=1,
        options={"array": array, "dataset_hash": store.dataset_hash, **encoder.identity()},
        seed=0,
        n_rows=len(store),
        rows_per_shard=size,
        arrays=(
            ArraySpec("embedding", (encoder.width,), "float32", ("feature",), "1", "output of the encoder"),
            ArraySpec("row", (), "int64", (), "1", "row of the store that holds the images"),
        ),
        static=(),
        attrs={"encoder": encoder.info.name, "encoder_hash": config_hash(encoder.identity())},
        sources=(),
        statistics=(),
        make=_Embed(encoder, store, array),
    )
