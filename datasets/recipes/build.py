"""Turning a plan into a sealed store: a Dask graph with one task per shard."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
from dask.callbacks import Callback

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.location import folder_of, make_folder
from slipbench.datasets.store.manifest import Manifest, read_manifest
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.writer import building, seal, start, write_shard

_LOG = logging.getLogger(__name__)
#: ``progress(shards done, shards in all)``
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """No progress."""


def _task(folder: Path, plan: Plan, shard: int) -> int:
    one_blas_thread()  # for good in a worker's process, which may run several tasks at once
    write_shard(folder, plan, shard)
    return shard


def _held(plan: Plan) -> Plan:
    return plan


class _Count(Callback):
    def __init__(self, plan: Plan, folder: Path, progress: Progress, done: int, total: int) -> None:
        self._plan, self._folder = plan, folder
        self._progress, self._done, self._total = progress, done, total
        super().__init__(posttask=self._posttask)

    def _posttask(self, key: Any, result: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        if str(key).startswith("shard-"):
            self._done += 1
            _log(self._folder, self._plan, result)
            self._progress(self._done, self._total)


def build(plan: Plan, out: str | Path, client: Any = None, progress: Progress = silent) -> Manifest:
    """Write and seal the store of `plan`; resume it where an earlier build was interrupted.

    The bytes written depend on the plan alone, not on the client, its workers or interruptions.

    Parameters
    ----------
    plan : Plan
        From a recipe.
    out : str or Path
        Folder or URI of the store (`folder_of`).
    client : distributed.Client, optional
        Cluster that computes the shards; without one they are computed by local threads.
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
        compute(folder, plan, todo, client, progress)
        return seal(folder, plan)


def compute(
    folder: Path, plan: Plan, todo: list[int], client: Any, progress: Progress, total: int | None = None
) -> None:
    """Write the shards `todo` of a started store; the rest of `total` (of the plan) counts as done."""
    total = plan.n_shards if total is None else total
    done = total - len(todo)
    if client is not None:
        from distributed import as_completed

        # A task's result, unlike scattered data, is made again when the workers that held it have died.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")
            shared = client.submit(_held, plan, pure=False)
        futures = client.map(_task, [folder] * len(todo), [shared] * len(todo), todo, pure=False)
        for future in as_completed(futures):
            _log(folder, plan, future.result())
            done += 1
            progress(done, total)
    elif todo:
        tasks = [dask.delayed(_task, pure=False)(folder, plan, s, dask_key_name=f"shard-{s}") for s in todo]
        with _Count(plan, folder, progress, done, total):
            dask.compute(*tasks, scheduler="threads")


def _log(folder: Path, plan: Plan, shard: int) -> None:
    rows = len(plan.rows(shard))
    size = rows * plan.shard_bytes // plan.rows_per_shard
    what = {"kind": "build", "store": folder.name, "shard": shard, "samples": rows, "bytes": size}
    _LOG.info("shard %d of %s written", shard, folder.name, extra=what)
