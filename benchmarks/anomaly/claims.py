"""Document 002's findings on these records: the quartile rule as it used it, and the lead of the spectrum."""

import numpy as np
import pandas as pd

from slipbench.benchmarks.anomaly.as_published import BOUNDS_MM_S, DISTANCE_KM, SEEN_S, SPAN
from slipbench.benchmarks.anomaly.records import COMPONENTS
from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.text_table import markdown_table, reduced, share
from slipbench.datasets.physics.arrivals import earliest_p, first_s

#: Hypocentral distance within which waves arrive soon and strong, km.
NEAR_KM = 250.0


def station_text() -> str:
    """What can have reached the document's station when."""
    p, s = float(earliest_p(np.array(DISTANCE_KM))), float(first_s(np.array(DISTANCE_KM)))
    seen = "; ".join(f"{c} {q} s and {f} s" for c, (q, f) in SEEN_S.items())
    return (
        f"Its station is {DISTANCE_KM:g} km from the hypocentre: no wave can be there before {p:.1f} s, and "
        f"the S wave comes at about {s:.0f} s. It reports the first anomaly by the quartile rule, and the "
        f"first change of the frequency, at: {seen}."
    )


def published_table(records: pd.DataFrame) -> str:
    """The quartile rule with bounds from the whole record: what it marks first after the origin."""
    rows = []
    near = records[records["hypocentral_km"] <= NEAR_KM]
    for event, part in [*near.groupby("event", sort=False), ("all", near), ("all, any distance", records)]:
        for c in COMPONENTS:
            known = part[part[f"published_{c}"].notna()]
            if not len(known):
                continue
            first, p = known[f"published_{c}"], known["p"]
            early, never = first < p, np.isinf(first)
            row = [event, c, str(len(known)), share(int(early.sum()), len(known)), f"{never.mean():.1%}"]
            rows.append([*row, number(float(np.median(first)))])
    head = ["earthquake", "component", "records", "first anomaly before any wave can arrive", "none"]
    return markdown_table([*head, "first anomaly, median (s)"], rows, left=(0, 1))


def published_about() -> str:
    """What the table of `published_table` shows."""
    return (
        f"Bounds from all velocities of {SPAN[0]:g} … {SPAN[1]:g} s, as in the document (values after an "
        "epoch decide what is unusual in it), and the first velocity beyond them from the origin time on, "
        f"within {NEAR_KM:g} km:"
    )


def excess_text(records: pd.DataFrame) -> str:
    """How often quiet seconds exceed the document's bounds."""
    parts = []
    for c, bound in BOUNDS_MM_S.items():
        quiet, beyond = records[f"excess_{c}_of"].sum(), records[f"excess_{c}"].sum()
        parts.append(f"{bound:g} mm/s {c} in {beyond / quiet:.1%}" if quiet else f"{bound:g} mm/s {c}: –")
    told = " and ".join(parts)
    return (
        f"Of the quiet seconds of all these records the speed exceeds {told}: they are noisier than its own."
    )


def lead_table(rule: pd.DataFrame, frequency: pd.DataFrame, spectrum_s: float) -> str:
    """How much sooner the sliding frequency fires than the quartile rule, on records where both do.

    Parameters
    ----------
    rule, frequency : DataFrame
        Of `frame.detections`.
    spectrum_s : float
        From the first to the last epoch of a spectrum, s.
    """
    rows = []
    for title, suffix in (("published", ""), ("1 false alarm/h", "_at_rate")):
        for label, near in (("all", np.inf), (f"within {NEAR_KM:g} km", NEAR_KM)):
            lead = (rule[f"detection{suffix}"] - frequency[f"detection{suffix}"]).to_numpy()
            both = np.isfinite(lead) & (rule["hypocentral_km"] <= near).to_numpy()
            if not both.any():
                continue
            row = [title, label, str(int(both.sum())), share(int((lead[both] > 0).sum()), int(both.sum()))]
            for earlier in (0.0, spectrum_s / 2, spectrum_s):
                row.append(reduced(lead[both] + earlier, np.median))
            rows.append(row)
    head = ["threshold", "records", "noticed by both", "frequency sooner", "lead, last epoch (s)"]
    return markdown_table([*head, "middle", "first epoch"], rows, left=(0, 1))
