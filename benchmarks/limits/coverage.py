"""Do credible regions hold the truth as often as they say? Simulated events, one by one."""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.offsets import Offsets
from slipbench.benchmarks.limits.posterior import posterior_of
from slipbench.benchmarks.limits.problem import Problem
from slipbench.benchmarks.limits.summary import describe
from slipbench.datasets.physics.source import sample
from slipbench.datasets.recipes.source_options import EVENT_DAY, WINDOW_DAYS

_STREAM = 11


def cases(
    problem: Problem,
    n: int,
    effort: Effort,
    seed: int,
    draw: Callable[[np.random.Generator], np.ndarray] | None = None,
    first: int = 0,
) -> pd.DataFrame:
    """Posteriors of `n` random events with known truth.

    Parameters
    ----------
    problem : Problem
        Stations, prior and noise. Truths are drawn from the prior by the sampler of the stores.
    n : int
        Events.
    effort : Effort
        Of the sampling.
    seed : int
        Every event has a stream of its own, keyed by this and its number.
    draw : callable, optional
        Noise of daily positions (m, d, c) in mm. Without it the offsets' noise itself is drawn, which is the
        same for Gaussian noise and cheaper.
    first : int
        Number of the first event, so that parts can be worked out by several processes.

    Returns
    -------
    DataFrame
        One row an event: `summary.describe`, and ``seconds``.
    """
    m = len(problem.forward.lat)
    nothing = problem.estimator(np.zeros((m, WINDOW_DAYS, 2)))
    rows = []
    for i in range(first, first + n):
        rng = np.random.default_rng(np.random.SeedSequence([seed, _STREAM, i]))
        truth, _ = sample(1, rng, problem.prior.sampling)
        clean = problem.forward(truth)[0]
        if draw is None:
            noise = nothing.whitening.colour(rng.standard_normal((1, 2 * m)), 2)[0]
            offsets = Offsets(clean + noise, nothing.stations, nothing.whitening)
        else:
            series = draw(rng)
            series[:, EVENT_DAY:] += clean.T[:, None]
            offsets = problem.estimator(series)
        began = time.perf_counter()
        found = posterior_of(problem, offsets, effort, rng)
        seconds = time.perf_counter() - began
        rows.append(describe(found, {k: float(v[0]) for k, v in truth.items()}) | {"seconds": seconds})
    return pd.DataFrame(rows)
