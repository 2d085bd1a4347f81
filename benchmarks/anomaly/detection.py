"""How many records a detector notices, how late, and how many it would notice by chance."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.text_table import markdown_table, reduced, share


def detection_table(detectors: Mapping[str, pd.DataFrame], suffix: str) -> str:
    """Share noticed and median delay, by detector and earthquake.

    Parameters
    ----------
    detectors : mapping
        See `frame.detections`.
    suffix : str
        Empty for the published threshold, ``_at_rate`` for that from the other earthquakes.
    """
    rows = []
    for model, frame in detectors.items():
        for event in dict.fromkeys(frame["event"]):
            part = frame[(frame["event"] == event) & frame[f"detection{suffix}"].notna()]
            if not len(part):
                continue
            time = part[f"detection{suffix}"].to_numpy()
            seen = np.isfinite(time)
            rows.append(
                [
                    model,
                    event,
                    str(len(part)),
                    share(int(seen.sum()), len(part)),
                    _chance(frame[frame["event"] == event], part, suffix),
                    _late(time, part["p"].to_numpy()),
                    _late(time, part["s"].to_numpy()),
                ]
            )
    head = ["detector", "earthquake", "records", "noticed", "by chance", "after P (s)", "after S (s)"]
    return markdown_table(head, rows, left=(0, 1))


def _chance(frame: pd.DataFrame, part: pd.DataFrame, suffix: str) -> str:
    """Expected share of records with a false alarm while the waves arrive, from the earthquake's own rate."""
    hours, alarms = frame[f"false_alarms{suffix}_true"].sum(), frame[f"false_alarms{suffix}"].sum()
    if not hours:
        return "–"
    return f"{np.mean(1 - np.exp(-alarms / hours * part['arriving_true'] / 3600)):.1%}"


def _late(time: np.ndarray, arrival: np.ndarray) -> str:
    """Median delay, unnoticed records counting as never; where most are, that of the noticed ones as well."""
    delay = time - arrival
    if np.isfinite(np.median(delay)):
        return reduced(delay, np.median)
    seen = delay[np.isfinite(delay)]
    return f"never; noticed ones {number(float(np.median(seen)))}" if len(seen) else "never"
