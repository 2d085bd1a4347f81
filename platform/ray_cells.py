"""Cells of a benchmark as tasks of a Ray cluster."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.run import Executor, compute, reason_of
from slipbench.benchmarks.suites.base import Inputs, Needs, Suite
from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies
from slipbench.platform.ray_session import ray_session
from slipbench.platform.stop import raise_if_asked

#: Address that means a Ray started on this machine for as long as needed.
HERE = "here"
#: Seconds between two looks at the running cells, and so of an answer to Ctrl-C.
POLL_SECONDS = 0.1
#: How often a cell is tried whose process dies.
TRIES = 2
#: Tasks handed to Ray for each of its cores, so that no core waits for the next one.
AHEAD = 2


@contextmanager
def ray_cells(address: str) -> Iterator[Executor]:
    """The `Executor` of a Ray cluster: every cell is a task that takes what `Suite.needs` says.

    Which worker computes a cell does not matter to its result. A cell whose worker dies is tried once more
    and is then a ``failed`` row. Workers read stores and caches, so these must be on storage that all nodes
    see; only the process that started the suite writes results.

    Parameters
    ----------
    address : str
        ``HOST:PORT`` of the cluster's head, ``auto`` for the cluster that this machine belongs to, or
        ``here``.

    Raises
    ------
    InputError
        When there is no cluster, or it is too small for a cell.
    """
    with ray_session("" if address == HERE else address) as resources:
        yield Executor(resources.get("CPU", 1.0), partial(_results, resources))


def _results(
    resources: dict[str, float],
    suite: Suite,
    inputs: Inputs,
    cells: Sequence[Cell],
    started: Callable[[Cell], None],
) -> Iterator[tuple[Cell, CellResult]]:
    import ray

    for cell in cells:
        _check(cell, suite.needs(cell), resources)
    shared = ray.put((suite, inputs))
    work = ray.remote(_work)
    most = AHEAD * max(1, int(resources.get("CPU", 1)))
    waiting = deque(cells)
    running: dict[Any, Cell] = {}
    try:
        while waiting or running:
            while waiting and len(running) < most:
                cell = waiting.popleft()
                needs = suite.needs(cell)
                task = work.options(num_cpus=needs.cpus, num_gpus=needs.gpus, max_retries=TRIES - 1)
                running[task.remote([shared], cell)] = cell
                started(cell)
            # not one long wait: what a signal's handler raises inside it is lost
            ready = ray.wait(list(running), num_returns=len(running), timeout=0)[0]
            for done in ready:
                yield running.pop(done), _result(done)
            raise_if_asked()
            if not ready:
                time.sleep(POLL_SECONDS)
    finally:
        for left in running:
            ray.cancel(left, force=True)


def _check(cell: Cell, needs: Needs, resources: dict[str, float]) -> None:
    for name, wanted in (("CPU", needs.cpus), ("GPU", needs.gpus)):
        there = resources.get(name, 0.0)
        if wanted > there:
            raise InputError(
                f"{cell.model}.{name.lower()}s",
                f"{wanted:g}",
                f"at most the {there:g} {name}s of the Ray cluster",
                "lower it or use a larger cluster",
            )


def _result(task: Any) -> CellResult:
    import ray

    try:
        found: CellResult = ray.get(task)
    except ray.exceptions.RayError as error:
        return CellResult(status="failed", reason=reason_of(error))
    return found


#: The suite that this worker computed last: neighbouring cells share what it keeps in memory.
_kept: dict[str, tuple[Suite, Inputs]] = {}


def _work(shared: list[Any], cell: Cell) -> CellResult:
    """Body of a task; `shared` is a list, since Ray would unpack a bare reference for every task."""
    import ray

    key = shared[0].hex()
    if key not in _kept:
        silence_dependencies()
        _kept.clear()
        _kept[key] = ray.get(shared[0])
    return compute(*_kept[key], cell)
