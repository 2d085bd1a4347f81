"""What baselines from seismology read of a nowcast store: its events, and how its labels weigh them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from slipbench.benchmarks.splits import COUNT
from slipbench.datasets.store.reader import Store

#: Bandwidths beyond which an event's kernel is left out.
_REACH = 5.0


@dataclass(frozen=True)
class Label:
    """A label as a sum over events: ``label(d) = per_event * sum of weight(event's day - d)``.

    Parameters
    ----------
    per_event : float
        The label's unit: what an event counts whose whole kernel falls on one day.
    back, ahead : int
        Days before and after its own that a label sees events of.
    studied : (int, int) or None
        First and last day whose events the label holds; None where it holds all.
    width : float
        Bandwidth of the kernel, days; 0 for the plain count.
    causal : bool
        Whether the kernel is folded to the right of its event.
    """

    per_event: float
    back: int
    ahead: int
    studied: tuple[int, int] | None = None
    width: float = 0.0
    causal: bool = False

    @classmethod
    def of(cls, store: Store, name: str) -> "Label":
        """The label `name` of a nowcast store."""
        a = store.attrs
        unit = float(a["label_per_event"][f"label_{name}"])
        if name == COUNT:
            return cls(unit, 0, int(a["label_horizon_days"]) - 1)
        causal = name == "causal"
        width = float(a["causal_bandwidth_days" if causal else "bandwidth_days"])
        reach = int(np.ceil(_REACH * width))
        first, last = a["studied_days"]
        return cls(
            unit, reach, 0 if causal else reach, None if causal else (int(first), int(last)), width, causal
        )

    @cached_property
    def weights(self) -> np.ndarray:
        """Weight of an event on each day from `back` before to `ahead` after the label's, by its mid-day."""
        lag = np.arange(-self.back, self.ahead + 1, dtype=float)
        if not self.width:
            return np.ones(len(lag))
        inside = ndtr((0.5 - lag) / self.width) - ndtr((-0.5 - lag) / self.width)
        # the half kernel of the label's own day begins, on average, in the middle of it
        return np.where(lag < 0, 2.0, 1.0) * inside if self.causal else inside

    def predict(self, days: np.ndarray, expected: np.ndarray, first: int) -> np.ndarray:
        """The label on the given days from (expected) numbers of events.

        Parameters
        ----------
        days : ndarray of int, shape (k,)
            Days of the label.
        expected : ndarray, shape (k, m)
            For each of them, the numbers of events on the m days that begin with `first` days after it.
        first : int
            Usually negative.
        """
        lag = first + np.arange(expected.shape[1])
        inside = (lag >= -self.back) & (lag <= self.ahead)
        weight = np.where(inside, self.weights[np.clip(lag + self.back, 0, self.back + self.ahead)], 0.0)
        if self.studied is not None:
            day = days[:, None] + lag
            expected = np.where((day >= self.studied[0]) & (day <= self.studied[1]), expected, 0.0)
        return self.per_event * (expected @ weight)


def without_events(store: Store) -> str:
    """Why a store gives no catalogue; empty when it does."""
    return "" if "event_time" in store.names else "the store holds no catalogue"
