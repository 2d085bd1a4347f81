"""Temporal ETAS: what seismology expects of the coming days from the events so far."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.benchmarks.baselines.catalogue import Label, without_events
from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.seismicity.etas_fit import TemporalEtas, fit_etas
from slipbench.datasets.store.reader import Store


class EtasOptions(Options):
    """Options of the baseline."""

    baseline: Literal["etas"] = "etas"
    fit_days: int = Field(3650, ge=30, description="most days of the catalogue that the parameters fit to")


@BASELINES.register(
    Info(
        "etas",
        "nowcast",
        "self-exciting process: expected label given all events before the forecast",
        "Ogata 1988",
        "Apache-2.0",
        needs=("the events of a nowcast store",),
        limits="no space, no short-term incompleteness after large events",
    )
)
class Etas(Baseline):
    """Predicts the expected label given the events that the features' last day knows.

    A label is a weighted sum over events: those before the forecast count as they are, the coming ones by
    their expected number. The parameters are fitted to the training part before the first test day; where it
    has none, as when the block of the blocked split comes first, to the catalogue before that day. So no
    prediction depends on an event after its forecast, whatever the split. Unlike a decoder it sees the
    catalogue of the embargo and of the earlier test days, as any forecaster would.
    """

    Options = EtasOptions
    seconds = 1.2

    def unusable(self, store: Store) -> str:
        """Why there is nothing to fit."""
        return without_events(store)

    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Keep the training days; the parameters also depend on where the test days begin."""
        self._training = np.sort(time)

    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Fit the parameters and forecast every day from the events before it."""
        days, back = np.unique(time.astype(int), return_inverse=True)
        a = store.attrs
        gap = int(a["label_lead_days"]) - int(a["feature_reach_days"]) - 1
        when, magnitude = store.read("event_time"), store.read("event_magnitude")
        before = self._training[self._training < days[0]]
        end = min(days[0] - gap, before[-1] + 1 if len(before) else np.inf)
        model = self._fitted(when, magnitude, a, float(end))
        label = Label.of(store, self.label)
        coming = model.expected(when, magnitude, days - gap, label.ahead + gap + 1)
        known = _known(when, days, label.back, gap)
        return label.predict(days, np.hstack([known, coming]), -max(label.back, gap))[back][:, None]

    def _fitted(self, when: np.ndarray, magnitude: np.ndarray, a: dict, end: float) -> TemporalEtas:
        """Parameters from the days before `end`, the first fifth of which only triggers."""
        begin = max(end - self.options.fit_days, float(a["catalogue_covers_days"][0]))
        used = when >= begin
        start = begin + (end - begin) / 5
        model = fit_etas(when[used], magnitude[used], float(a["mc"]), start, end)
        dates = " to ".join(str(np.datetime64(int(d), "D")) for d in (start, end - 1))
        ratio = f"{model.branching_ratio(365):.2f} within a year"
        self.notes = f"fitted to events of {dates}, branching ratio {ratio}"
        return model


def _known(when: np.ndarray, days: np.ndarray, back: int, gap: int) -> np.ndarray:
    """Events on the days from `back` before each given day to the last one known, shape (k, back - gap)."""
    first = int(days[0]) - back
    inside = (when >= first) & (when < days[-1])
    daily = np.bincount((when[inside] - first).astype(int), minlength=int(days[-1]) - first + 1)
    return daily[(days - int(days[0]))[:, None] + np.arange(max(back - gap, 0))]
