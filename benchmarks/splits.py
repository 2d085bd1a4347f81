"""Ways to divide a daily series into training and test rows, and how much each one leaks.

Times are the days that the labels belong to. A row reaches back over its feature window and its label
over the kernel, so rows nearer than the embargo share data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

SplitName = Literal["random", "chronological", "blocked"]
LabelName = Literal["two_sided", "causal", "next_window_count"]
#: The label that counts events; none of its predictions is below 0.
COUNT = "next_window_count"


@dataclass(frozen=True)
class Split:
    """Row numbers (ascending) to train and to test on.

    Parameters
    ----------
    train, test : ndarray of int
        Disjoint row numbers; rows inside the embargo are in neither.
    leaky : bool
        Whether neighbours of nearly every test row are in `train`.
    embargo_days : float
        Smallest distance between a training and a test day that the split promises.
    """

    train: np.ndarray
    test: np.ndarray
    leaky: bool
    embargo_days: float


def label_reach_days(attrs: Mapping[str, Any], label: str) -> float:
    """Days over which a label spreads: three bandwidths of its kernel, or the window that it counts.

    Parameters
    ----------
    attrs : mapping
        A nowcast store's ``bandwidth_days`` and, if it has them, ``causal_bandwidth_days`` and
        ``label_horizon_days``.
    label : str
        One of `LabelName`.
    """
    if label == COUNT:
        return float(attrs.get("label_horizon_days", 0.0))
    wide = float(attrs["bandwidth_days"])
    return 3.0 * (float(attrs.get("causal_bandwidth_days", wide)) if label == "causal" else wide)


def embargo_days(attrs: Mapping[str, Any]) -> float:
    """Days between training and test labels beyond which features and kernels share no day.

    A row's features begin ``window + lead - 1`` days before its label's day, which is a whole day, and the
    label of the other row spreads over its reach. The longest reach of any label counts, so that all labels
    are tested on the same days. Two labels so far apart share no day of a count and, of two-sided kernels,
    no more than the overlap of two Gaussians that are three bandwidths apart, 13 %.

    Parameters
    ----------
    attrs : mapping
        A nowcast store's ``feature_window_days``, ``label_lead_days`` (label's day minus row's day) and
        what `label_reach_days` reads.
    """
    reach = max(label_reach_days(attrs, label) for label in get_args(LabelName))
    return float(attrs["feature_window_days"]) + float(attrs["label_lead_days"]) + reach


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([0x5B117, seed]))


def _n_test(n: int, fraction: float) -> int:
    return min(max(round(fraction * n), 1), n - 1)


def random_split(
    times: np.ndarray, attrs: Mapping[str, Any], seed: int, fraction: float = 0.3, min_train: int = 1
) -> Split:
    """Rows drawn without regard to time, as published; almost every test day has training neighbours."""
    order = _rng(seed).permutation(len(times))
    n = _n_test(len(times), fraction)
    return Split(np.sort(order[n:]), np.sort(order[:n]), leaky=True, embargo_days=0.0)


def chronological_split(
    times: np.ndarray, attrs: Mapping[str, Any], seed: int, fraction: float = 0.3, min_train: int = 1
) -> Split:
    """The first days train, the last ones test; there is no gap, so the first test days have neighbours."""
    order = np.argsort(times, kind="stable")
    n = len(times) - _n_test(len(times), fraction)
    return Split(np.sort(order[:n]), np.sort(order[n:]), leaky=False, embargo_days=0.0)


def blocked_split(
    times: np.ndarray, attrs: Mapping[str, Any], seed: int, fraction: float = 0.3, min_train: int = 1
) -> Split:
    """One contiguous test block with an embargo on both sides.

    The block's place is drawn evenly (by `seed`) among those that leave `min_train` training rows;
    where none does, among those that leave the most.
    """
    gap = embargo_days(attrs)
    order = np.argsort(times, kind="stable")
    t = np.asarray(times, np.float64)[order]
    n = _n_test(len(t), fraction)
    first = np.arange(len(t) - n + 1)
    before = np.searchsorted(t, t[first] - gap, side="right")
    after = np.searchsorted(t, t[first + n - 1] + gap, side="left")
    left = before + len(t) - after
    places = first[left >= min(min_train, int(left.max()))]
    start = int(places[_rng(seed).integers(len(places))])
    train = np.concatenate([order[: before[start]], order[after[start] :]])
    return Split(np.sort(train), np.sort(order[start : start + n]), leaky=False, embargo_days=gap)


SPLITTERS: dict[str, Callable[..., Split]] = {
    "random": random_split,
    "chronological": chronological_split,
    "blocked": blocked_split,
}
LEAKY = frozenset({"random"})
assert set(SPLITTERS) == set(get_args(SplitName))
