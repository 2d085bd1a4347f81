"""False alarms per hour on the quiet parts of the records."""

from collections.abc import Mapping

import pandas as pd
from scipy.stats import chi2

from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.text_table import markdown_table


def poisson_rate(count: float, hours: float, level: float = 0.95) -> tuple[float, float, float]:
    """Rate per hour with its exact interval for independent alarms (Garwood 1936)."""
    tail = (1 - level) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return count / hours, float(low) / hours, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2 / hours


def alarms_table(detectors: Mapping[str, pd.DataFrame], quantity: str) -> str:
    """Rates of every earthquake and of all, with Poisson intervals."""
    events = list(dict.fromkeys(next(iter(detectors.values()))["event"]))
    rows = []
    for model, frame in detectors.items():
        parts = [frame[frame["event"] == event] for event in events]
        rows.append([model, *(_rate(part, quantity) for part in [*parts, frame])])
    return markdown_table(["detector", *events, "all"], rows)


def _rate(frame: pd.DataFrame, quantity: str) -> str:
    known = frame[frame[quantity].notna()]
    hours = float(known[f"{quantity}_true"].sum())
    if not hours:
        return "–"
    rate, low, high = poisson_rate(float(known[quantity].sum()), hours)
    return f"{number(rate)} [{number(low)}, {number(high)}]"
