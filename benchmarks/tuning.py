"""Options of a decoder by random search, nested inside the training part."""

from typing import Any

import numpy as np
from pydantic import Field

from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.options import Options


class TuneOptions(Options):
    """How every decoder is tuned; the budget is the same for all."""

    trials: int = Field(10, ge=2, description="options tried for each decoder; the first are those given")
    validation: float = Field(
        0.25, gt=0, lt=1, description="share of the training days, the last, to judge by"
    )


def inner_split(
    time: np.ndarray, share: float, embargo_days: float, min_train: int
) -> tuple[np.ndarray, np.ndarray]:
    """Training rows to fit to, and the last ones in time to judge by.

    Rows less than the embargo before the first judging row are left out, unless fewer than `min_train`
    rows would stay; then none is.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Days of the training rows' labels, ascending.
    share : float
        Share of the rows that judges.
    embargo_days : float
        Days that the split keeps between training and test rows.
    min_train : int
        Fewest rows to fit to.

    Returns
    -------
    fit, judge : ndarray of int
        Row numbers, ascending.
    """
    n = len(time) - min(max(round(share * len(time)), 1), len(time) - 1)
    fit = np.flatnonzero(time[:n] <= time[n] - embargo_days)
    return (fit if len(fit) >= min_train else np.arange(n)), np.arange(n, len(time))


def tuned(
    options: Any,
    tune: TuneOptions,
    seed: int,
    x: np.ndarray,
    y: np.ndarray,
    rows: tuple[np.ndarray, np.ndarray],
) -> tuple[Any, str]:
    """The best of the given options and of random ones, by the squared error on the judging rows.

    Parameters
    ----------
    options : DecoderOptions
        Where the search starts, and what options keep that are not searched.
    tune : TuneOptions
        The budget.
    seed : int
        Of the draws and of the decoders.
    x, y : ndarray, shape (n, d) and (n,)
        Training rows in the order of time.
    rows : (fit, judge)
        From `inner_split`.

    Returns
    -------
    options : DecoderOptions
        The best ones; of equals the first.
    note : str
        What was chosen, in one line.
    """
    part = DECODERS.get(options.decoder)
    rng = np.random.default_rng(np.random.SeedSequence([0x7E57, seed]))
    changes = [{}, *(part.draw(rng) for _ in range(tune.trials - 1))]
    fit, judge = rows
    errors = []
    for change in changes:
        decoder = part(options.model_copy(update=change), seed).fit(x[fit], y[fit])
        errors.append(float(np.mean((decoder.predict(x[judge]) - y[judge]) ** 2)))
    best = changes[int(np.argmin(errors))]
    chosen = ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in best.items())
    return options.model_copy(update=best), f"tuned in {tune.trials} trials: {chosen or 'as given'}"
