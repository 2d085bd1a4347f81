"""Running a suite cell by cell into a results table. What is computed already is not computed again."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from slipbench.benchmarks.memory import forget_peak, peak_mib
from slipbench.benchmarks.plan import plan_line
from slipbench.benchmarks.results import Cell, CellResult, write_cell, write_table
from slipbench.benchmarks.suites.base import Inputs, Progress, Suite

TABLE = "results.parquet"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Executor:
    """Where cells are computed.

    Parameters
    ----------
    cores : float
        That compute cells side by side.
    results : callable
        ``results(suite, inputs, cells, started)`` calls ``started(cell)`` before each cell and yields it with
        its result, in any order.
    """

    cores: float
    results: Callable[
        [Suite, Inputs, Sequence[Cell], Callable[[Cell], None]], Iterator[tuple[Cell, CellResult]]
    ]


def _silent(text: str, done: int, total: int) -> None: ...


def cell_path(out: Path, cell: Cell) -> Path:
    """File of one cell's rows."""
    return out / "cells" / f"{cell.id}.parquet"


def compute(suite: Suite, inputs: Inputs, cell: Cell) -> CellResult:
    """One cell's result with its peak memory; an exception is the reason of a ``failed`` one."""
    told = forget_peak()
    try:
        return replace(suite.run(cell, inputs), peak_mib=peak_mib() if told else float("nan"))
    except Exception as error:  # the promise of the table: a row with its reason, never a missing row
        return CellResult(status="failed", reason=reason_of(error))


def _here(
    suite: Suite, inputs: Inputs, cells: Sequence[Cell], started: Callable[[Cell], None]
) -> Iterator[tuple[Cell, CellResult]]:
    """Compute one cell after the other in this process."""
    for cell in cells:
        started(cell)
        yield cell, compute(suite, inputs, cell)


#: One cell after the other in this process.
HERE = Executor(1, _here)


def run_suite(
    suite: Suite,
    inputs: Inputs,
    out: Path,
    progress: Progress = _silent,
    code_version: str | None = None,
    executor: Executor = HERE,
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """Compute every cell of a suite that is not there yet, and join them into one table.

    A cell whose computation raises becomes a ``failed`` row with its reason, and is tried again by the
    next call. An interruption (KeyboardInterrupt, a kill) loses at most the running cells.

    Parameters
    ----------
    suite : Suite
        What to run.
    inputs : Inputs
        Store, checkpoints and cache.
    out : Path
        Folder of the suite: ``cells/<id>.parquet`` and ``results.parquet``.
    progress : callable, optional
        Called as ``progress(text, done, total)``; in cells, or in what `Suite.prepare` counts.
    code_version : str, optional
        Kept in every row; the package version when not given.
    executor : Executor, optional
        Where cells are computed.
    tell : callable, optional
        Called with the plan (see `plan_line`) before anything is computed.

    Returns
    -------
    Path
        The results table, rows in the order of `Suite.cells`.
    """
    cells = suite.cells(inputs)
    left = [cell for cell in cells if not _done(cell_path(out, cell))]
    tell(plan_line(suite, cells, left, executor.cores))
    header = {
        "suite": suite.options.name,
        "task": suite.info.task,
        "code_version": code_version or version("slipbench"),
    }
    done, failed = len(cells) - len(left), 0

    def started(cell: Cell) -> None:
        progress(_label(cell) + (f", {failed} failed" if failed else ""), done, len(cells))

    results: Iterable[tuple[Cell, CellResult]] = ()
    if left:
        suite.prepare(inputs, progress)
        results = executor.results(suite, inputs, left, started)
    for cell, result in results:
        name, digest = suite.dataset_of(cell, inputs)
        tested = {"dataset": name, "dataset_hash": digest}
        write_cell(cell_path(out, cell), header | tested, cell, result)
        _log(suite, cell, result)
        done, failed = done + 1, failed + (result.status == "failed")
    progress("done", len(cells), len(cells))
    write_table(out / TABLE, [cell_path(out, cell) for cell in cells])
    return out / TABLE


def _log(suite: Suite, cell: Cell, result: CellResult) -> None:
    what = {
        "kind": "bench",
        "suite": suite.options.name,
        "cell": cell.id,
        "status": result.status,
        "reason": result.reason,
        "samples": len(result.outcomes[0].sample) if result.outcomes else 0,
    }
    level = logging.WARNING if result.status == "failed" else logging.INFO
    _LOG.log(level, "cell %s: %s", _label(cell), result.status, extra=what)


def reason_of(error: BaseException) -> str:
    """Type and message of an error in one short line."""
    text = " ".join(str(error).split())
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line if len(line) <= 300 else line[:297] + "..."


def _done(path: Path) -> bool:
    """Whether the cell's file is there and tells of no failure; an unreadable file is not."""
    if not path.exists():
        return False
    try:
        status = pq.read_table(path, columns=["status"])["status"].to_pylist()
    except (pa.ArrowException, OSError, KeyError):
        return False
    return bool(status) and "failed" not in status


def _label(cell: Cell) -> str:
    parts = (cell.model, cell.modality, cell.label, cell.split, f"seed {cell.seed}")
    return " · ".join(p for p in parts if p != "-")
