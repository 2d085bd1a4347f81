"""Who computes the shards of a store: threads of this process, or the workers of a Dask cluster."""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import dask
from dask.callbacks import Callback
from dask.system import CPU_COUNT

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.errors import InputError
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.writer import write_shard

#: ``done(shard)``: it has been written.
Done = Callable[[int], None]


class Pool(Protocol):
    """Writes shards of a started store, in any order and side by side."""

    def __call__(self, folder: Path, plan: Plan, todo: Sequence[int], done: Done) -> None:
        """Write the shards `todo`; `done` is called in this process after each one."""


def write(folder: Path, plan: Plan, shard: int) -> int:
    """Body of a pool's task; the number of the shard."""
    one_blas_thread()  # for good in a worker's process, which may run several tasks at once
    write_shard(folder, plan, shard)
    return shard


def threads(folder: Path, plan: Plan, todo: Sequence[int], done: Done) -> None:
    """The `Pool` of this process; how many there are is Dask's option ``num_workers``."""
    tasks = [dask.delayed(write, pure=False)(folder, plan, s, dask_key_name=f"shard-{s}") for s in todo]
    # threads of our own: none may still write after an error or Ctrl-C, when the store's lock is given back
    with ThreadPoolExecutor(dask.config.get("num_workers", CPU_COUNT)) as pool, _Tell(done):
        dask.compute(*tasks, scheduler="threads", pool=pool)


class _Tell(Callback):
    def __init__(self, done: Done) -> None:
        self._done = done
        super().__init__(posttask=self._posttask)

    def _posttask(self, key: Any, result: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        if str(key).startswith("shard-"):
            self._done(result)


def on_dask(client: Any) -> Pool:
    """The `Pool` of a ``distributed.Client``."""

    def pool(folder: Path, plan: Plan, todo: Sequence[int], done: Done) -> None:
        from distributed import as_completed

        check_shared(folder)
        # A task's result, unlike scattered data, is made again when the workers that held it have died.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")
            shared = client.submit(_held, plan, pure=False)
        futures = client.map(write, [folder] * len(todo), [shared] * len(todo), list(todo), pure=False)
        for future in as_completed(futures):
            done(future.result())

    return pool


def check_shared(folder: Path) -> None:
    """Raise InputError for a store that other processes cannot see."""
    if getattr(folder, "protocol", "") == "memory":
        raise InputError(
            folder, "is in the memory of this process", "a place that workers see", "use threads, or a folder"
        )


def _held(plan: Plan) -> Plan:
    return plan
