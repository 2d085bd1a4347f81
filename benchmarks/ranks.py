"""Average ranks of models over many cells, and the difference that is more than chance (Demsar 2006)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import rankdata, studentized_range

#: Rate of any false difference.
ALPHA = 0.05


@dataclass(frozen=True)
class Ranking:
    """Models in the order of their average ranks.

    Attributes
    ----------
    names : list of str
        Models, best first.
    average : ndarray, shape (k,)
        Average rank of each; 1 is best, ties share the mean of their ranks.
    cells : int
        Cells that the ranks are averaged over.
    p : float
        Of Friedman's test in the form of Iman and Davenport (1980) that all models rank alike; NaN with fewer
        than three models or two cells.
    critical : float
        Nemenyi's critical difference of two average ranks.
    """

    names: list[str]
    average: np.ndarray
    cells: int
    p: float
    critical: float

    def groups(self) -> list[tuple[int, int]]:
        """Longest runs of models (first, last; places in `names`) closer than the critical difference."""
        ends = [int(np.flatnonzero(self.average - low <= self.critical)[-1]) for low in self.average]
        runs = [(i, end) for i, end in enumerate(ends) if end > i]
        return [run for run in runs if not any(o != run and o[0] <= run[0] and run[1] <= o[1] for o in runs)]


def critical_difference(models: int, cells: int, alpha: float = ALPHA) -> float:
    """Nemenyi's critical difference q sqrt(k (k + 1) / (6 N)) (Demsar 2006, eq. 6 and table 5)."""
    q = studentized_range.ppf(1 - alpha, models, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(models * (models + 1) / (6 * cells)))


def friedman(ranks: np.ndarray) -> float:
    """p value of Friedman's (1937) test, Iman and Davenport's F form (Demsar 2006, p. 11).

    Parameters
    ----------
    ranks : ndarray, shape (cells, models)
        Ranks within every cell.
    """
    n, k = ranks.shape
    if k < 3 or n < 2:
        return float("nan")
    total = ((ranks.mean(axis=0) - (k + 1) / 2) ** 2).sum() * n
    # the variance of the ranks as they are, which ties make smaller
    within = ((ranks - (k + 1) / 2) ** 2).sum() / (n * (k - 1))
    chi2 = total / within if within > 0 else 0.0
    rest = n * (k - 1) - chi2
    return 0.0 if rest <= 0 else float(fisher.sf((n - 1) * chi2 / rest, k - 1, (k - 1) * (n - 1)))


def ranking(losses: pd.DataFrame) -> Ranking | None:
    """Rank models over cells.

    Parameters
    ----------
    losses : DataFrame
        One row a cell, one column a model; less is better. Cells where a model has none do not count, so
        leave models out that lack many (`complete`).

    Returns
    -------
    Ranking or None
        None without a cell that holds two models.
    """
    whole = losses.dropna()
    n, k = whole.shape
    if n < 1 or k < 2:
        return None
    ranks = rankdata(whole.to_numpy(), axis=1)
    average = ranks.mean(axis=0)
    order = np.argsort(average, kind="stable")
    return Ranking(
        [str(whole.columns[i]) for i in order], average[order], n, friedman(ranks), critical_difference(k, n)
    )


def complete(losses: pd.DataFrame, share: float = 0.5) -> pd.DataFrame:
    """The columns (models) that have more than a `share` of the cells."""
    return losses.loc[:, losses.notna().mean() > share]
