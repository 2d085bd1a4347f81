"""What the marks of a rule on made maps are worth: hits, false anomalies, and relation to the earthquakes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from slipbench.benchmarks.results import Outcome
from slipbench.benchmarks.tec.series import SiteSeries
from slipbench.datasets.anomaly.caution import shift_p_value
from slipbench.datasets.store.reader import Store

#: Ends of the classes of planted sizes, as shares of the content there.
SIZES = (0.0, 0.1, 0.2, 0.4, 0.8, np.inf)
#: Quantities of a cell, each with one value a day: of y_true many there were y_pred marked.
PLANTED, VALUES, DAYS = "planted", "quiet_values", "quiet_days"
#: Quantities with one p value a site.
P_PLANTED, P_CONTROL = "p_sites_with_anomalies", "p_sites_without"


@dataclass(frozen=True)
class Truth:
    """What is planted at the sites; arrays of one length, an earthquake each.

    Parameters
    ----------
    site : ndarray of int
        Number of the site.
    event_day : ndarray
        Day of the earthquake, days since 1970-01-01.
    start, end : ndarray
        Begin and end of the anomaly, days since 1970-01-01.
    size : ndarray
        TECU, signed; 0 where there is none.
    lead_days : int
        Longest time from an anomaly to its earthquake.
    """

    site: np.ndarray
    event_day: np.ndarray
    start: np.ndarray
    end: np.ndarray
    size: np.ndarray
    lead_days: int

    @classmethod
    def of(cls, store: Store) -> "Truth":
        """What a store of made maps says."""
        start, hours = store.read("anomaly_start"), store.read("anomaly_hours")
        return cls(
            store.read("event_site").astype(int),
            store.read("event_day"),
            start,
            start + hours / 24,
            store.read("anomaly_size"),
            int(store.attrs["options"]["lead_days"]),
        )


def relative_sizes(series: SiteSeries, truth: Truth, window: int) -> np.ndarray:
    """Absolute sizes over the median content of the days before at the same hours, shape (earthquakes,).

    NaN where nothing is planted, or where no value of the series lies within the anomaly.
    """
    out = np.full(len(truth.size), np.nan)
    for k in np.flatnonzero(truth.size):
        during = np.flatnonzero((series.time >= truth.start[k]) & (series.time <= truth.end[k]))
        before = during[:, None] - series.per_day * np.arange(1, window + 1)
        if len(during):
            out[k] = abs(truth.size[k]) / np.median(series.tec[truth.site[k], before])
    return out


def size_names() -> list[str]:
    """Quantities of the classes of planted sizes: as `PLANTED`, of one class each."""
    return [f"size_{low:g}_{high:g}" for low, high in pairwise(SIZES)]


def judge(series: SiteSeries, marks: np.ndarray, truth: Truth, window: int) -> Iterator[Outcome]:
    """Outcomes of a rule on every day that it can test.

    A planted anomaly is hit when a value between its begin and its end is marked with its sign. Its whole day
    at its site is left out of the quiet ones. An anomaly on a day that was not tested is missed.

    Parameters
    ----------
    marks : ndarray, shape (sites, n)
        Signed distance beyond the bounds; NaN: not tested.
    truth : Truth
        What is planted.
    window : int
        Days at the begin that no rule can test.
    """
    by_day, day = series.by_day(marks), series.day
    sites, days, _ = by_day.shape
    hits, quiet = np.zeros((sites, days, 2)), np.ones((sites, days), bool)
    sized, relative = np.zeros((days, len(SIZES) - 1, 2)), relative_sizes(series, truth, window)
    for k in np.flatnonzero(truth.size):
        at = int(np.searchsorted(day, np.floor(truth.start[k])))
        during = (series.time >= truth.start[k]) & (series.time <= truth.end[k])
        hit = bool((marks[truth.site[k], during] * truth.size[k] > 0).any())
        quiet[truth.site[k], at] = False
        hits[truth.site[k], at] += (1, hit)
        if np.isfinite(relative[k]):
            sized[at, int(np.searchsorted(SIZES[1:-1], relative[k], side="right"))] += (1, hit)
    tested, marked = np.isfinite(by_day), np.nan_to_num(by_day) != 0
    calm = quiet[..., None]
    kept = np.arange(window, days)

    def outcome(quantity: str, many: np.ndarray, found: np.ndarray) -> Outcome:
        numbers = (np.asarray(values[kept], float).tolist() for values in (many, found))
        return Outcome(quantity, "1", kept.tolist(), day[kept].tolist(), *numbers)

    yield outcome(PLANTED, *hits.sum(axis=0).T)
    yield outcome(VALUES, (tested & calm).sum(axis=(0, 2)), (marked & calm).sum(axis=(0, 2)))
    yield outcome(DAYS, (tested & calm).any(axis=2).sum(axis=0), (marked & calm).any(axis=2).sum(axis=0))
    for group, name in enumerate(size_names()):
        yield outcome(name, *sized[:, group].T)
    flags = np.where(tested.any(axis=2), marked.any(axis=2), np.nan)
    yield from _related(flags, day, truth)


def _related(flags: np.ndarray, day: np.ndarray, truth: Truth) -> Iterator[Outcome]:
    """p values of "an anomaly within the lead time before the earthquakes" at every site."""
    found: dict[str, list[tuple[int, float]]] = {P_PLANTED: [], P_CONTROL: []}
    for site in range(len(flags)):
        mine = truth.site == site
        known = np.flatnonzero(np.isfinite(flags[site]))[0] if np.isfinite(flags[site]).any() else 0
        events = (truth.event_day[mine] - day[0]).astype(int) - known
        events = events[(events >= truth.lead_days) & (events <= len(day) - known)]
        if len(events):
            name = P_PLANTED if truth.size[mine].any() else P_CONTROL
            found[name].append((site, shift_p_value(flags[site, known:], events, truth.lead_days)))
    for name, values in found.items():
        none = [float("nan")] * len(values)
        yield Outcome(name, "1", [site for site, _ in values], none, none, [p for _, p in values])
