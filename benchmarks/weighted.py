"""Reductions of samples that count with weights, for many sets of weights at once: AUC, median, skill."""

import numpy as np


def auc(positive: np.ndarray, negative: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probability that a positive value lies above a negative one, ties half (Mann and Whitney 1947).

    By ranks: one sort for all sets of weights, no pairs.

    Parameters
    ----------
    positive, negative : ndarray, shape (n,)
        Values of the same n samples in both states; NaN where a sample has none.
    weights : ndarray, shape (..., n)
        How much each sample counts, not negative.

    Returns
    -------
    ndarray, shape (...)
        NaN where the samples that count hold no value of either state.
    """
    above, below = ~np.isnan(positive), ~np.isnan(negative)
    values, order = positive[above], np.argsort(negative[below], kind="stable")
    ranked = negative[below][order]
    weight_above, weight_below = weights[..., above], weights[..., below][..., order]
    mass = np.concatenate([np.zeros((*weights.shape[:-1], 1)), np.cumsum(weight_below, axis=-1)], axis=-1)
    beaten = sum(mass[..., np.searchsorted(ranked, values, side)] for side in ("left", "right")) / 2
    total = weight_above.sum(axis=-1) * weight_below.sum(axis=-1)
    won = (weight_above * beaten).sum(axis=-1)
    return np.divide(won, total, out=np.full(np.shape(total), np.nan), where=total > 0)


def median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The least value that at least half of the weight does not exceed.

    Parameters
    ----------
    values : ndarray, shape (n,)
        NaN does not count; infinite values do, so that "never" is later than any time.
    weights : ndarray, shape (..., n)
        How much each value counts, not negative.

    Returns
    -------
    ndarray, shape (...)
        NaN where nothing counts.
    """
    there = ~np.isnan(values)
    order = np.argsort(values[there], kind="stable")
    ranked = np.append(values[there][order], np.nan)
    mass = np.cumsum(weights[..., there][..., order], axis=-1)
    if not mass.shape[-1]:
        return np.full(weights.shape[:-1], np.nan)
    half = mass[..., -1:] / 2
    place = (mass < half * (1 - 1e-9)).sum(axis=-1)
    return ranked[np.where(half[..., 0] > 0, place, -1)]


def peirce_skill(
    hits: np.ndarray, there: np.ndarray, false: np.ndarray, quiet: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Share of what is there and was found, less the share of what is quiet and was marked (Peirce 1884).

    Parameters
    ----------
    hits, there, false, quiet : ndarray, shape (n,)
        Numbers of each sample: found of those that are there, marked of those where nothing is.
    weights : ndarray, shape (..., n)
        How much each sample counts, not negative.

    Returns
    -------
    ndarray, shape (...)
        1 for a perfect rule, 0 for one that marks at random or all; NaN where nothing is there or quiet.
    """
    found, all_there, wrong, all_quiet = (np.asarray(weights @ x) for x in (hits, there, false, quiet))
    known = (all_there > 0) & (all_quiet > 0)
    ratios = (
        np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=known)
        for top, bottom in ((found, all_there), (wrong, all_quiet))
    )
    return np.subtract(*ratios)
