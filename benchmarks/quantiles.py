"""Predicted distributions in the results table: quantiles at fixed levels, as further rows of a cell.

A decoder that predicts a distribution gives its quantiles at `LEVELS`. Each level is one quantity of the
cell, ``quantile_0.05`` to ``quantile_0.95``, in the units of the label; its ``y_true`` is NaN throughout.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from slipbench.benchmarks.results import Outcome

#: Probabilities of a smaller value.
LEVELS: tuple[float, ...] = tuple(round(0.05 * k, 2) for k in range(1, 20))
PREFIX = "quantile_"
#: Quantities of the results table, in the order of `LEVELS`.
NAMES: tuple[str, ...] = tuple(f"{PREFIX}{level:.2f}" for level in LEVELS)


def quantile_outcomes(of: Outcome, values: np.ndarray) -> list[Outcome]:
    """Rows of the results table that keep predicted quantiles.

    Parameters
    ----------
    of : Outcome
        The point prediction of the same samples.
    values : ndarray, shape (n, 19)
        Quantiles at `LEVELS`, in the units and the order of `of`. Where they cross they are sorted, which
        never makes the pinball loss worse (Chernozhukov et al. 2010).

    Raises
    ------
    ValueError
        When the shape is another one or a quantile is not finite.
    """
    values = np.asarray(values, np.float64)
    if values.shape != (len(of.sample), len(LEVELS)):
        raise ValueError(f"quantiles {values.shape} of {len(of.sample)} samples at {len(LEVELS)} levels")
    if not np.isfinite(values).all():
        raise ValueError("quantiles are not finite")
    none = np.full(len(values), np.nan).tolist()
    columns = np.sort(values, axis=1).T
    return [
        Outcome(name, of.units, of.sample, of.time, none, column.tolist(), of.name)
        for name, column in zip(NAMES, columns, strict=True)
    ]


def quantiles_of(cell: pd.DataFrame) -> np.ndarray | None:
    """Predicted quantiles of a cell, shape (n, 19); None where it has only point predictions.

    Parameters
    ----------
    cell : DataFrame
        The cell's rows of the results table.

    Raises
    ------
    ValueError
        When some levels are there and others are not.
    """
    rows = cell[is_quantile(cell["quantity"])].set_index("quantity")["y_pred"]
    if not len(rows):
        return None
    if missing := [name for name in NAMES if name not in rows.index]:
        raise ValueError(f"quantiles without {', '.join(missing)}")
    return np.column_stack([np.asarray(rows.loc[name]) for name in NAMES])


def is_quantile(quantities: "pd.Series[str] | Sequence[str]") -> np.ndarray:
    """Which quantities of a results table are predicted quantiles, shape (n,), bool."""
    return np.array([str(q).startswith(PREFIX) for q in quantities], bool)


def pinball(true: np.ndarray, quantiles: np.ndarray, levels: Sequence[float] = LEVELS) -> np.ndarray:
    """Pinball loss of every quantile (Koenker and Bassett 1978).

    Parameters
    ----------
    true : ndarray, shape (n,)
        What happened.
    quantiles : ndarray, shape (n, k)
        Predicted quantiles.
    levels : sequence of float, length k
        Their probabilities of a smaller value.

    Returns
    -------
    ndarray, shape (n, k)
        In the units of `true`.
    """
    over = true[:, None] - quantiles
    tau = np.asarray(levels)
    return np.maximum(tau * over, (tau - 1) * over)


def crps(true: np.ndarray, quantiles: np.ndarray, levels: Sequence[float] = LEVELS) -> np.ndarray:
    """Continuous ranked probability score from quantiles: twice their mean pinball loss, shape (n,).

    The score is the integral of twice the pinball loss over all levels (Laio and Tamea 2007). The mean over
    equally spaced levels makes a distribution of one point score its absolute error, as a point prediction
    does; it leaves out the tails beyond 5 and 95 %, where the loss is small, so that a Gaussian scores some
    5 % more than by its closed form.
    """
    return 2 * pinball(true, quantiles, levels).mean(axis=1)


def inside(true: np.ndarray, quantiles: np.ndarray, level: float) -> np.ndarray:
    """Whether the central interval of probability `level` holds the truth, shape (n,), 0.0 or 1.0.

    Raises
    ------
    ValueError
        When its ends are not among `LEVELS`.
    """
    low, high = (LEVELS.index(round(0.5 + sign * level / 2, 2)) for sign in (-1, 1))
    return ((quantiles[:, low] <= true) & (true <= quantiles[:, high])).astype(np.float64)
