"""What every estimator of magnitude offers, and the registry that finds it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from slipbench.benchmarks.rapid.records import Records
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info, Registry


@dataclass(frozen=True)
class Estimate:
    """Magnitudes of n earthquakes at the s epochs of `Records.seconds`.

    Parameters
    ----------
    mw, sigma : ndarray, shape (n, s)
        Estimate from samples up to each epoch, and its standard deviation; NaN where there is none.
    stations : ndarray of int, shape (n, s)
        How many stations it rests on.
    station_mw : ndarray, shape (n, m), optional
        Last estimate of every single station, where it makes such; NaN at stations that it does not use.
    fitted : mapping
        What was learnt for each earthquake, such as coefficients, each of shape (n,).
    """

    mw: np.ndarray
    sigma: np.ndarray
    stations: np.ndarray
    station_mw: np.ndarray | None = None
    fitted: Mapping[str, np.ndarray] = field(default_factory=dict)


class EstimatorOptions(Options):
    """Options of every estimator; one adds ``estimator: Literal["<its name>"]`` and its own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name in the tables")


class Estimator(ABC):
    """A way to tell the magnitude while the record is still growing.

    Parameters
    ----------
    options : EstimatorOptions
        Validated options, an instance of the class attribute `Options`.

    Attributes
    ----------
    learns : bool
        Whether it is fitted on real earthquakes. Then every earthquake is estimated by one that was fitted on
        all others.
    fitted : mapping
        What the last fit learnt, such as coefficients.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[EstimatorOptions]]
    learns: ClassVar[bool] = False
    fitted: Mapping[str, float] = {}

    def __init__(self, options: Any) -> None:
        self.options = options

    def fit(self, records: Records) -> None:  # noqa: B027 (nothing to learn is fine)
        """Learn from earthquakes and their true magnitudes."""

    @abstractmethod
    def estimate(self, records: Records) -> Estimate:
        """Magnitudes at every second. Nothing later than a second may change its estimate."""


ESTIMATORS: Registry[type[Estimator]] = Registry("estimator", "slipbench.benchmarks.rapid.estimators")


def leave_one_out(estimator: Estimator, records: Records) -> Estimate:
    """Estimates of all earthquakes; what learns never sees the earthquake that it estimates."""
    if not estimator.learns:
        return estimator.estimate(records)
    parts, learnt = [], []
    for k in range(len(records)):
        estimator.fit(records.take(np.arange(len(records)) != k))
        learnt.append(estimator.fitted)
        parts.append(estimator.estimate(records.take(np.array([k]))))
    single = [p.station_mw for p in parts if p.station_mw is not None]
    return Estimate(
        np.concatenate([p.mw for p in parts]),
        np.concatenate([p.sigma for p in parts]),
        np.concatenate([p.stations for p in parts]),
        station_mw=np.concatenate(single) if len(single) == len(parts) else None,
        fitted={name: np.array([values[name] for values in learnt]) for name in learnt[0]},
    )
