"""Shards of a store as tasks of a Ray cluster."""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import is_local
from slipbench.datasets.recipes.pools import Done, Pool, check_shared, write
from slipbench.datasets.store.manifest import BUILDING
from slipbench.datasets.store.plan import Plan
from slipbench.platform.nodes import Nodes
from slipbench.platform.ray_tasks import TRIES, each_done, options, unpacked

#: A shard is idempotent, so it may be tried more often than a cell: whole nodes may come and go.
SHARD_TRIES = 2 * TRIES


def on_ray(nodes: Nodes, task: Mapping[str, float]) -> Pool:
    """The `Pool` of a Ray cluster, on whose storage the store is.

    Parameters
    ----------
    nodes : Nodes
        The cluster.
    task : mapping
        What a shard takes, from `nodes.wanted`.
    """

    def pool(folder: Path, plan: Plan, todo: Sequence[int], done: Done) -> None:
        import ray

        check_shared(folder)
        shared = ray.put((folder, plan))
        body = ray.remote(_write).options(**options(task, SHARD_TRIES))
        for shard, ended in each_done(todo, lambda shard: body.remote([shared], shard), nodes.places(task)):
            try:
                ray.get(ended)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from error  # what the shard raised, an InputError among others
            done(shard)

    return pool


def _write(shared: list[Any], shard: int) -> None:
    """Body of a task."""
    folder, plan = unpacked(shared)
    ticket = folder / BUILDING / "plan.json"
    if is_local(folder) and not (ticket.is_file() and ticket.read_text() == plan.dataset_hash):
        raise InputError(
            folder,
            f"not there, or another one, on node {socket.gethostname()}",
            "a folder that every node of the Ray cluster sees",
            "set SLIPBENCH_HOME or SLIPBENCH_STORES to shared storage",
        )
    write(folder, plan, shard)
