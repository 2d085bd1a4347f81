"""What a nowcast store knows beside its test days: the whole labels, lengths in days, and the catalogue."""

import numpy as np

from slipbench.benchmarks.results import Outcome
from slipbench.benchmarks.splits import embargo_days
from slipbench.datasets.store.reader import Store

#: Attributes of a nowcast store that are lengths in days.
LENGTHS = (
    "feature_window_days",
    "label_lead_days",
    "label_horizon_days",
    "bandwidth_days",
    "causal_bandwidth_days",
)
EMBARGO = "embargo_days"
EVENTS = ("latitude", "longitude", "magnitude")
_ARRAYS = {"latitude": "event_lat", "longitude": "event_lon", "magnitude": "event_magnitude"}
#: Quantities that hold a label begin so, those of events as well.
LABEL, EVENT = "label_", "event_"


def context(store: Store, rows: np.ndarray) -> list[Outcome]:
    """Quantities without predictions for a cell of kind ``context``.

    ``label_<name>``: the label on every usable day. ``event_latitude``, ``event_longitude`` (degrees) and
    ``event_magnitude``: the catalogue, where the store holds it; `time` are origin times. The names in
    `LENGTHS` that the store has, and ``embargo_days``: one value each.

    Parameters
    ----------
    store : Store
        Nowcast store.
    rows : ndarray of int, shape (n,)
        Rows that models are trained and tested on.
    """
    time = store.read("label_time")[rows]
    found = [
        _of(name, str(store.array(name).attrs.get("units", "1")), rows, time, store.read(name)[rows])
        for name in store.names
        if name.startswith(LABEL) and name != "label_time"
    ]
    lengths = {name: float(store.attrs[name]) for name in LENGTHS if name in store.attrs}
    lengths[EMBARGO] = embargo_days(store.attrs)
    one = np.zeros(1)
    found += [_of(name, "d", one, one * np.nan, np.array([value])) for name, value in lengths.items()]
    if "event_time" in store.names:
        events = store.read("event_time")
        number = np.arange(len(events))
        for name in EVENTS:
            units = "1" if name == "magnitude" else "degree"
            found.append(_of(f"{EVENT}{name}", units, number, events, store.read(_ARRAYS[name])))
    return found


def _of(quantity: str, units: str, sample: np.ndarray, time: np.ndarray, values: np.ndarray) -> Outcome:
    none = np.full(len(values), np.nan).tolist()
    numbers = np.asarray(sample, np.int64).tolist()
    return Outcome(
        quantity, units, numbers, np.asarray(time, float).tolist(), np.asarray(values, float).tolist(), none
    )
