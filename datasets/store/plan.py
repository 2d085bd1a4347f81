"""What a recipe promises before anything is written: arrays, rows, provenance and the shard maker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.store.manifest import SCHEMA_VERSION
from slipbench.datasets.store.statistics import Moments

#: Size of a chunk of small rows.
CHUNK_BYTES = 1 << 15


@dataclass(frozen=True)
class ArraySpec:
    """One array of a store.

    Parameters
    ----------
    name : str
        Name in the Zarr group.
    shape : tuple of int
        Shape of one row (without the leading sample dimension); the whole shape for a static array.
    dtype : str
        NumPy dtype name.
    dims : tuple of str
        Names of the dimensions of `shape`; the leading ``sample`` is added for row arrays.
    units : str
        Unit of the values, ``1`` for none.
    about : str
        What the values are, with frame and sign.
    chunk_rows : int
        Rows in one chunk inside a shard, a divisor of the shard's; 0 lets `rows_per_chunk` choose.
    labels : mapping
        Names along a dimension, such as ``{"component": ["east", "north"]}``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    dims: tuple[str, ...]
    units: str
    about: str
    chunk_rows: int = 0
    labels: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    def rows_per_chunk(self, rows_per_shard: int) -> int:
        """Rows in one chunk: as many as go into `CHUNK_BYTES` and divide the shard, at least one.

        A chunk is what is read and checked for a single row of it.
        """
        if self.chunk_rows:
            return self.chunk_rows
        most = max(CHUNK_BYTES // max(self.row_bytes, 1), 1)
        return max(n for n in range(1, rows_per_shard + 1) if rows_per_shard % n == 0 and n <= most)


@dataclass(frozen=True)
class Source:
    """An input file: its name below the data folder and the SHA-256 of its bytes."""

    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path, name: str) -> "Source":
        """Record of the file at `path`, under the `name` that it has below any data folder."""
        return cls(name, file_sha256(path))


@dataclass(frozen=True)
class Shard:
    """Rows of one shard.

    Parameters
    ----------
    arrays : mapping
        Array name to values, each with the shard's row count as its first length.
    counts : mapping
        How often each named policy was applied while the rows were made.
    moments : mapping
        Moments of the training rows of names in `Plan.statistics` that are no arrays of the store, where this
        shard has any.
    """

    arrays: Mapping[str, np.ndarray]
    counts: Mapping[str, int] = field(default_factory=dict)
    moments: Mapping[str, Moments] = field(default_factory=dict)


#: ``make(shard, rows, rng)``: rows of one shard. `rng` is keyed by (seed, shard) alone, so the result
#: does not depend on who computes it. Must be picklable.
ShardMaker = Callable[[int, range, np.random.Generator], Shard]


@dataclass(frozen=True)
class Plan:
    """Everything needed to create and fill a store.

    Parameters
    ----------
    recipe, recipe_version : str, int
        Which recipe, at which version of its code.
    options : mapping
        Resolved options (plain values).
    seed : int
        Root of all random streams.
    n_rows, rows_per_shard : int
        Rows in all and in one shard (the last shard may hold fewer).
    arrays : tuple of ArraySpec
        Row arrays; all share the sample dimension.
    static : tuple of (ArraySpec, ndarray)
        Arrays without a sample dimension, such as station coordinates.
    attrs : mapping
        Region, grid, policies and whatever else a reader must know (JSON values).
    sources : tuple of Source
        Input files.
    statistics : tuple of str
        Row arrays (float), or names whose moments the shards give (`Shard.moments`), whose mean and standard
        deviation per last-axis component are kept, from the rows whose ``split`` is 0 (training) only.
    make : callable
        See `ShardMaker`.
    """

    recipe: str
    recipe_version: int
    options: Mapping[str, Any]
    seed: int
    n_rows: int
    rows_per_shard: int
    arrays: tuple[ArraySpec, ...]
    static: tuple[tuple[ArraySpec, np.ndarray], ...]
    attrs: Mapping[str, Any]
    sources: tuple[Source, ...]
    statistics: tuple[str, ...]
    make: ShardMaker

    @property
    def n_shards(self) -> int:
        """Number of shards."""
        return -(-self.n_rows // self.rows_per_shard)

    def rows(self, shard: int) -> range:
        """Row numbers of one shard."""
        first = shard * self.rows_per_shard
        return range(first, min(first + self.rows_per_shard, self.n_rows))

    def rng(self, shard: int) -> np.random.Generator:
        """Random stream of one shard, keyed by (seed, shard)."""
        return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([self.seed, shard])))

    @property
    def dataset_hash(self) -> str:
        """SHA-256 of format, recipe, version, options and input files: what the store will hold."""
        return config_hash(
            {
                "schema_version": SCHEMA_VERSION,
                "recipe": self.recipe,
                "version": self.recipe_version,
                "options": dict(self.options),
                "seed": self.seed,
                "sources": {s.name: s.sha256 for s in self.sources},
            }
        )

    @property
    def shard_bytes(self) -> int:
        """Uncompressed bytes of one full shard."""
        return self.rows_per_shard * sum(a.row_bytes for a in self.arrays)
