"""Cells of a benchmark as tasks of a Ray cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.run import Executor, compute, reason_of
from slipbench.benchmarks.suites.base import Inputs, Suite
from slipbench.platform.config.cluster import GpuRequest
from slipbench.platform.nodes import CPU, Nodes, wanted
from slipbench.platform.ray_tasks import TRIES, each_done, options, unpacked


def ray_cells(nodes: Nodes, request: GpuRequest) -> Executor:
    """The `Executor` of a Ray cluster: every cell is a task that takes what `Suite.needs` says.

    Which worker computes a cell does not matter to its result. A cell whose worker dies is tried once more
    and is then a ``failed`` row. Workers read stores and caches, so these must be on storage that all nodes
    see; only the process that started the suite writes results.

    Parameters
    ----------
    nodes : Nodes
        The cluster that this process has joined.
    request : GpuRequest
        What a cell takes at the least.
    """
    return Executor(max(1.0, nodes.total(CPU)), partial(_results, nodes, request))


def _results(
    nodes: Nodes,
    request: GpuRequest,
    suite: Suite,
    inputs: Inputs,
    cells: Sequence[Cell],
    started: Callable[[Cell], None],
) -> Iterator[tuple[Cell, CellResult]]:
    """`Executor.results`. Raises InputError before the first cell when one finds room on no node."""
    import ray

    takes: dict[Cell, Mapping[str, float]] = {}
    for cell in cells:
        needs = suite.needs(cell)
        takes[cell] = wanted(request, needs.cpus, needs.gpus)
        nodes.check(f"cells of {cell.model}", takes[cell])
    # those that take as much after each other, the largest first: between cells that take something else, Ray
    # starts another worker, which imports everything again, and ends the idle one
    cells = sorted(cells, key=lambda cell: sorted(takes[cell].items()), reverse=True)
    shared = ray.put((suite, inputs))
    work = ray.remote(_work)

    def start(cell: Cell) -> Any:
        started(cell)
        return work.options(**options(takes[cell], TRIES)).remote([shared], cell)

    for cell, ended in each_done(cells, start, int(nodes.total(CPU))):
        yield cell, _result(ended)


def _result(task: Any) -> CellResult:
    import ray

    try:
        found: CellResult = ray.get(task)
    except ray.exceptions.RayError as error:
        return CellResult(status="failed", reason=reason_of(error))
    return found


def _work(shared: list[Any], cell: Cell) -> CellResult:
    """Body of a task."""
    suite, inputs = unpacked(shared)
    return compute(suite, inputs, cell)
