"""Posteriors of many events of a store, one after the other or by several processes."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
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


def each(
    work: Callable[[Observed], dict[str, float]], events: Iterable[Observed], workers: int
) -> Iterator[dict[str, float]]:
    """What `work` (picklable) finds for every event, in their order; on one BLAS thread a process."""
    if workers == 1:
        with one_blas_thread():
            yield from map(work, events)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, context, _begin, (work,)) as pool:
        yield from pool.map(_do, events)


@dataclass(frozen=True)
class PosteriorOf:
    """`summary.describe` of an event's posterior, with ``row`` and ``seconds``.

    Parameters
    ----------
    problem : Problem
        Stations, prior and noise of the store.
    effort : Effort
        Of the sampling.
    seed : int
        Root of the random streams; each event has its own, keyed by its row.
    """

    problem: Problem
    effort: Effort
    seed: int

    def __call__(self, event: Observed) -> dict[str, float]:
        """Sample it."""
        began = time.perf_counter()
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, _STREAM, event.row]))
        found = posterior_of(self.problem, self.problem.offsets(event.series), self.effort, rng)
        return describe(found, event.truth) | {"row": event.row, "seconds": time.perf_counter() - began}


def posteriors(
    problem: Problem, events: Iterable[Observed], effort: Effort, seed: int, workers: int = 1
) -> Iterator[dict[str, float]]:
    """`PosteriorOf` every event; the numbers do not depend on `workers` or on the other events."""
    problem.library  # noqa: B018 (made once, here, and not in every worker)
    return each(PosteriorOf(problem, effort, seed), events, workers)


_work: Callable[[Observed], dict[str, float]]


def _begin(work: Callable[[Observed], dict[str, float]]) -> None:
    global _work
    silence_dependencies()
    one_blas_thread()
    _work = work


def _do(event: Observed) -> dict[str, float]:
    return _work(event)
