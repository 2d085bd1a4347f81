"""Many small tasks on a Ray cluster, a few at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from slipbench.datasets.quiet import silence_dependencies
from slipbench.platform.nodes import CPU, GPU, MEMORY
from slipbench.platform.ray_session import raise_if_lost
from slipbench.platform.stop import raise_if_asked

#: Seconds between two looks at the running tasks, and so of an answer to Ctrl-C.
POLL_SECONDS = 0.1
#: How often a task is tried whose process dies.
TRIES = 2
#: Tasks handed to Ray for each place, so that no place waits for the next one.
AHEAD = 2

T = TypeVar("T")
#: What the tasks of this worker shared last, by its reference.
_unpacked: dict[str, Any] = {}


def options(task: Mapping[str, float], tries: int) -> dict[str, Any]:
    """Options of a Ray task that takes what `nodes.wanted` says."""
    memory = int(task.get(MEMORY, 0)) or None
    return {"num_cpus": task[CPU], "num_gpus": task.get(GPU), "memory": memory, "max_retries": tries - 1}


def unpacked(shared: list[Any]) -> Any:
    """What many tasks share, taken from Ray once for each worker and not for each task.

    Parameters
    ----------
    shared : list
        Holds the reference: Ray would unpack a bare one for every task.
    """
    import ray

    key = shared[0].hex()
    if key not in _unpacked:
        silence_dependencies()
        _unpacked.clear()
        _unpacked[key] = ray.get(shared[0])
    return _unpacked[key]


def each_done(items: Iterable[T], start: Callable[[T], Any], places: int) -> Iterator[tuple[T, Any]]:
    """Start a task for every item, and yield it with its ended task, in any order.

    Parameters
    ----------
    items : iterable
        What the tasks are about.
    start : callable
        Hands the task of an item to Ray; its reference.
    places : int
        Tasks that the cluster runs at once.

    Raises
    ------
    ClusterLost
        When the cluster goes away.
    """
    import ray

    waiting = deque(items)
    running: dict[Any, T] = {}
    try:
        while waiting or running:
            while waiting and len(running) < AHEAD * max(1, places):
                item = waiting.popleft()
                running[start(item)] = item
            # not one long wait: what a signal's handler raises inside it is lost
            ready = ray.wait(list(running), num_returns=len(running), timeout=0)[0]
            for done in ready:
                yield running.pop(done), done
            raise_if_asked()
            raise_if_lost()
            if not ready:
                time.sleep(POLL_SECONDS)
    finally:
        for left in running:
            ray.cancel(left, force=True)
