"""Turning a plan into a sealed store: one task per shard, computed by a pool."""

import logging
from collections.abc import Callable
from pathlib import Path

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.location import folder_of, make_folder
from slipbench.datasets.recipes.pools import Pool, threads
from slipbench.datasets.store.manifest import Manifest, read_manifest
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.writer import building, seal, start

_LOG = logging.getLogger(__name__)
#: ``progress(shards done, shards in all)``
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """No progress."""


def build(plan: Plan, out: str | Path, pool: Pool = threads, progress: Progress = silent) -> Manifest:
    """Write and seal the store of `plan`; resume it where an earlier build was interrupted.

    The bytes written depend on the plan alone, not on the pool, its workers or interruptions.

    Parameters
    ----------
    plan : Plan
        From a recipe.
    out : str or Path
        Folder or URI of the store (`folder_of`).
    pool : Pool
        Computes the shards; local threads by default.
    progress : callable, optional
        Called as ``progress(done, total)`` in shards.

    Raises
    ------
    InputError
        When `out` cannot take this dataset.
    """
    folder = folder_of(out)
    make_folder(folder)
    with building(folder), one_blas_thread():
        todo = start(folder, plan)
        progress(plan.n_shards - len(todo), plan.n_shards)
        if (folder / "manifest.json").exists():
            return read_manifest(folder)
        compute(folder, plan, todo, pool, progress)
        return seal(folder, plan)


def compute(
    folder: Path, plan: Plan, todo: list[int], pool: Pool, progress: Progress, total: int | None = None
) -> None:
    """Write the shards `todo` of a started store; the rest of `total` (of the plan) counts as done."""
    total = plan.n_shards if total is None else total
    count = total - len(todo)

    def done(shard: int) -> None:
        nonlocal count
        count += 1
        _log(folder, plan, shard)
        progress(count, total)

    if todo:
        pool(folder, plan, todo, done)


def _log(folder: Path, plan: Plan, shard: int) -> None:
    rows = len(plan.rows(shard))
    size = rows * plan.shard_bytes // plan.rows_per_shard
    what = {"kind": "build", "store": folder.name, "shard": shard, "samples": rows, "bytes": size}
    _LOG.info("shard %d of %s written", shard, folder.name, extra=what)
