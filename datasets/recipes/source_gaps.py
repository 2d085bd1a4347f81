"""Stations and days without data in the S1 dataset."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.options import Options


class Gaps(Options):
    """Stations that are missing in the whole window, and single days that are missing at the others.

    Missing stations are a random set of its own in every sample. Missing days come in runs: each station is
    a chain of two states, there and missing (Gilbert 1960).
    """

    share_low: float = Field(0.0, ge=0, lt=1, description="least share of missing stations in a sample")
    share_high: float = Field(0.6, ge=0, lt=1, description="largest share of missing stations in a sample")
    least_stations: int = Field(
        4, ge=1, description="stations that every sample keeps, on every day and in every difference of days"
    )
    daily_share: float = Field(
        0.0, ge=0, le=0.9, description="expected share of missing days at a station that is there"
    )
    daily_run_days: float = Field(2.0, ge=1, description="mean length of a run of missing days, days")

    @model_validator(mode="after")
    def _possible(self) -> "Gaps":
        if self.share_low > self.share_high:
            raise ValueError("share_low must not exceed share_high")
        if self._enter() > 1 + 1e-9:
            raise ValueError("daily_share needs longer runs: daily_run_days >= share / (1 - share)")
        return self

    def _enter(self) -> float:
        """Probability that a day is missing after one that is there."""
        return self.daily_share / (self.daily_run_days * (1 - self.daily_share))

    def missing_days(self, n: int, n_stations: int, n_days: int, rng: np.random.Generator) -> np.ndarray:
        """Missing days, bool (n, day, station), of stations that are there: stationary chains."""
        out = np.empty((n, n_days, n_stations), bool)
        out[:, 0] = rng.random((n, n_stations)) < self.daily_share
        stay, enter = 1 - 1 / self.daily_run_days, self._enter()
        for day in range(1, n_days):
            out[:, day] = rng.random((n, n_stations)) < np.where(out[:, day - 1], stay, enter)
        return out


@dataclass(frozen=True)
class Presence:
    """What there is of some samples.

    Parameters
    ----------
    station : ndarray of bool, shape (n, m)
        Stations with data on at least one day.
    day : ndarray of bool, shape (n, d, m) or (n, 1, m)
        Stations with data on each day; one entry for all days where only whole stations are missing.
    counts : dict of int
        How often each policy was applied.
    """

    station: np.ndarray
    day: np.ndarray
    counts: dict[str, int]

    def on(self, days: tuple[int, ...]) -> np.ndarray:
        """Bool (n, len(days) or 1, m): stations with data on some days of the window."""
        return self.day if self.day.shape[1] == 1 else self.day[:, list(days)]


#: What happens to draws that leave too few stations, by policy.
POLICIES = {
    "gaps_fewer_stations": "samples that would keep fewer than least_stations stations keep that many",
    "gaps_days_restored": "days that would have data at fewer than least_stations stations, alone or in the "
    "difference of the images, have data at all stations of their sample",
}


def draw_presence(
    n: int, n_stations: int, n_days: int, difference: tuple[int, int], rng: np.random.Generator, o: Gaps
) -> Presence:
    """Draw the gaps of `n` samples.

    The sets of stations do not depend on the options of the daily gaps.

    Parameters
    ----------
    n, n_stations, n_days : int
        Samples, stations of the network, days of the window.
    difference : tuple of int
        The two days whose difference is taken station by station.
    rng : Generator
        Random stream.
    o : Gaps
        Shares and limits; at most `n_stations` stations may be kept.
    """
    share = rng.uniform(o.share_low, o.share_high, n)
    wanted = n_stations - np.floor(share * n_stations + 0.5).astype(int)
    kept = np.maximum(wanted, o.least_stations)
    rank = rng.random((n, n_stations)).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    station = rank < kept[:, None]
    counts = dict.fromkeys(POLICIES, 0) | {"gaps_fewer_stations": int((kept > wanted).sum())}
    if not o.daily_share:
        return Presence(station, station[:, None], counts)
    day = ~o.missing_days(n, n_stations, n_days, rng) & station[:, None]
    few = day.sum(axis=2) < o.least_stations
    a, b = difference
    both = np.where(few[:, [a]], station, day[:, a]) & np.where(few[:, [b]], station, day[:, b])
    few[:, [a, b]] |= (both.sum(axis=1) < o.least_stations)[:, None]
    day |= few[..., None] & station[:, None]
    return Presence(day.any(axis=1), day, counts | {"gaps_days_restored": int(few.sum())})
