"""Document 002's own use of the quartile rule: bounds from the whole record around the earthquake."""

import numpy as np

from slipbench.benchmarks.anomaly.records import COMPONENTS, Records
from slipbench.datasets.anomaly.quartiles import bounds

#: Seconds from the origin time whose velocities give the bounds, and are compared with them.
SPAN = (-20.0, 80.0)
#: Its bounds north (upper) and east (lower), mm/s: section 2.1.
BOUNDS_MM_S = {"east": 2.2, "north": 5.6}
#: Hypocentral distance of its station, km, and the seconds after the origin at which it sees something there
#: by the quartile rule, and by the sliding frequency (sections 2.1 and 2.2).
DISTANCE_KM = 28.0
SEEN_S = {"north": (9, 5), "east": (10, 0), "up": (16, 6)}


def first_anomalies(records: Records) -> np.ndarray:
    """Seconds from the origin to the first velocity beyond the bounds, per component.

    Returns
    -------
    ndarray, shape (m, 3)
        Infinite where none is beyond them; NaN where an epoch of `SPAN` is missing. Not causal: values after
        an epoch decide what is unusual in it.
    """
    inside = (records.seconds >= SPAN[0]) & (records.seconds <= SPAN[1])
    x, seconds = records.velocity[..., inside], records.seconds[inside]
    low, high = bounds(x)
    beyond = (x < low[..., None]) | (x > high[..., None])
    late = beyond & (seconds >= 0)
    first = np.where(late.any(axis=-1), seconds[late.argmax(axis=-1)], np.inf)
    epochs = round((SPAN[1] - SPAN[0]) / records.interval) + 1
    whole = (np.isfinite(x).sum(axis=-1) == epochs) if inside.sum() == epochs else np.zeros(first.shape, bool)
    return np.where(whole, first, np.nan)


def quiet_excess(records: Records, component: str) -> tuple[np.ndarray, np.ndarray]:
    """Quiet epochs of each record, and those with a speed beyond the document's bound of the component."""
    quiet = records.quiet
    speed = 1e3 * np.abs(records.velocity[:, COMPONENTS.index(component)])
    return quiet.sum(axis=1), (quiet & (speed > BOUNDS_MM_S[component])).sum(axis=1)
