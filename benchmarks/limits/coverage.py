"""Do credible regions hold the truth as often as they say? Simulated events, one by one."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from slipbench.benchmarks.limits.events import Observed, posteriors
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.problem import Problem
from slipbench.datasets.physics.source import sample
from slipbench.datasets.recipes.source_options import EVENT_DAY

_STREAM = 11

#: Daily noise (m, d, c) in mm from a random stream.
Draw = Callable[[np.random.Generator], np.ndarray]


def simulated(problem: Problem, n: int, seed: int, draw: Draw) -> Iterator[Observed]:
    """`n` events drawn from the prior by the stores' own sampler, in noise from `draw`.

    Every event has a stream of its own, keyed by the seed and its number.
    """
    for i in range(n):
        rng = np.random.default_rng(np.random.SeedSequence([seed, _STREAM, i]))
        truth, _ = sample(1, rng, problem.prior.sampling)
        series = draw(rng)
        series[:, EVENT_DAY:] += problem.forward(truth)[0].T[:, None]
        yield Observed(i, series, {k: float(v[0]) for k, v in truth.items()})


def cases(
    problem: Problem, n: int, effort: Effort, seed: int, workers: int = 1, draw: Draw | None = None
) -> pd.DataFrame:
    """Posteriors of `n` random events with known truth.

    Parameters
    ----------
    problem : Problem
        Stations, prior and noise.
    n : int
        Events.
    effort : Effort
        Of the sampling.
    seed : int
        Root of the random streams.
    workers : int
        Processes.
    draw : callable, optional
        Noise of daily positions; what `problem.noise` draws by default.

    Returns
    -------
    DataFrame
        One row an event, as `events.posteriors` gives it.
    """
    if draw is None:
        if problem.noise is None:
            raise ValueError("the noise is not known")
        draw = problem.noise.draw
    return pd.DataFrame(posteriors(problem, simulated(problem, n, seed, draw), effort, seed, workers))
