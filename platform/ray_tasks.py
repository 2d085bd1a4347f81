"""Many small tasks on a Ray cluster, a few at a time."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from slipbench.platform.ray_session import raise_if_lost
from slipbench.platform.stop import raise_if_asked

#: Seconds between two looks at the running tasks, and so of an answer to Ctrl-C.
POLL_SECONDS = 0.1
#: How often a task is tried whose process dies.
TRIES = 2
#: Tasks handed to Ray for each place, so that no place waits for the next one.
AHEAD = 2

T = TypeVar("T")


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
