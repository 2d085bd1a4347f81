"""Posteriors of many events of a store, one after the other or by several processes."""

import multiprocessing
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.posterior import posterior_of
from slipbench.benchmarks.limits.problem import Problem
from slipbench.benchmarks.limits.summary import describe
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.physics.source import PARAMETERS
from slipbench.datasets.quiet import silence_dependencies
from slipbench.datasets.store.reader import Store

_STREAM = 12


@dataclass(frozen=True)
class Observed:
    """Positions of one event.

    Parameters
    ----------
    row : int
        Row of the store; keys the event's random stream.
    series : ndarray, shape (m, d, c)
        Daily positions in mm, NaN where missing.
    truth : mapping of float or None
        The `physics.source.PARAMETERS`, where they are known.
    """

    row: int
    series: np.ndarray
    truth: Mapping[str, float] | None = None


def observed(store: Store, rows: np.ndarray) -> Iterator[Observed]:
    """Events of ascending `rows`, read some at a time."""
    known = store.read("source") if "source" in store.names else None
    names = [name for name, _ in PARAMETERS]
    for part in np.array_split(rows, max(1, -(-len(rows) // 64))):
        for row, series in zip(part.tolist(), store.read("ts", part), strict=True):
            truth = None if known is None else dict(zip(names, known[row].tolist(), strict=True))
            yield Observed(row, series, truth)


def posteriors(
    problem: Problem, events: Iterable[Observed], effort: Effort, seed: int, workers: int = 1
) -> Iterator[dict[str, float]]:
    """`summary.describe` of every event in their order, with ``row`` and ``seconds``.

    The numbers depend on the problem, the effort, the seed and the row alone, not on `workers`.

    Parameters
    ----------
    problem : Problem
        Stations, prior and noise of the store.
    events : iterable of Observed
        The events.
    effort : Effort
        Of the sampling.
    seed : int
        Root of the streams of the events.
    workers : int
        Processes.
    """
    problem.library  # noqa: B018 (made once, here, and not in every worker)
    if workers == 1:
        with one_blas_thread():
            for event in events:
                yield _one(problem, event, effort, seed)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, context, _begin, (problem, effort, seed)) as pool:
        yield from pool.map(_work, events)


def _one(problem: Problem, event: Observed, effort: Effort, seed: int) -> dict[str, float]:
    began = time.perf_counter()
    rng = np.random.default_rng(np.random.SeedSequence([seed, _STREAM, event.row]))
    found = posterior_of(problem, problem.estimator(event.series), effort, rng)
    return describe(found, event.truth) | {"row": event.row, "seconds": time.perf_counter() - began}


_task: tuple[Problem, Effort, int]


def _begin(problem: Problem, effort: Effort, seed: int) -> None:
    global _task
    silence_dependencies()
    one_blas_thread()
    _task = (problem, effort, seed)


def _work(event: Observed) -> dict[str, float]:
    problem, effort, seed = _task
    return _one(problem, event, effort, seed)
