"""Medians of repeated timings, and the table that they go into."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Parameters
    ----------
    what : str
        What was done, with its size.
    value, unit : float, str
        The figure.
    peer : str
        What it was compared with in the same run, or a bound that it is held against.
    ratio : float
        Ours over the peer's (more is better for rates, less for costs), NaN without a peer.
    """

    what: str
    value: float
    unit: str
    peer: str = ""
    ratio: float = float("nan")


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Median wall seconds of `runs` calls after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def alternating(*works: Callable[[], object], runs: int = 5) -> tuple[float, ...]:
    """Median seconds of several functions called in turn, so that a drifting machine hits all alike."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, kept in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            kept.append(time.perf_counter() - start)
    return tuple(statistics.median(kept) for kept in times)
