"""What a suite is about to compute, in one line."""

from collections import Counter
from collections.abc import Sequence

from slipbench.benchmarks.results import Cell
from slipbench.benchmarks.suites.base import Suite


def plan_line(suite: Suite, cells: Sequence[Cell], todo: Sequence[Cell], cores: float) -> str:
    """How many cells of what kind there are and are left, and about how long these take.

    Parameters
    ----------
    suite : Suite
        Says by `Suite.seconds` what a cell takes on one core; cells of which it knows nothing are counted.
    cells, todo : sequence of Cell
        All of them, and those that are not computed yet.
    cores : float
        Cores that compute cells side by side.
    """
    kinds = Counter(cell.kind for cell in cells if cell.kind != "context")
    parts = [
        ", ".join(f"{n} {kind}" for kind, n in kinds.items()),
        f"{len(todo)} of {len(cells)} cells to compute",
    ]
    known = [seconds for cell in todo if (seconds := suite.seconds(cell)) is not None]
    if known:
        parts.append(f"about {_words(sum(known) / cores)} on {cores:g} core{'s' if cores > 1 else ''}")
    if unknown := len(todo) - len(known) - sum(cell.kind == "context" for cell in todo):
        parts.append(f"{unknown} of unknown length")
    return "; ".join(filter(None, parts))


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
