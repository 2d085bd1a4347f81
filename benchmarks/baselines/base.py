"""What every baseline offers: a prediction that a network must beat to be worth anything."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from slipbench.benchmarks.results import Outcome
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


class Baseline(ABC):
    """A simple predictor. ``info.task`` says where it applies.

    Parameters
    ----------
    options : Options
        Validated options, an instance of the class attribute `Options`.
    seed : int
        Seed of anything random in it.

    Attributes
    ----------
    learns : bool
        Whether it reads the training rows, so that their store must hold its arrays too.
    limit : bool
        Whether it is no rival but a limit: it knows what nobody can know of real data, and is not ranked.
    data : Path or None
        Folder of real data, where the caller has one.
    checkpoint : Path or None
        Weights of the network that the option ``network`` names among those of the suite.
    notes : str
        What a reader of the table must know of the last prediction.
    more : sequence of Outcome
        What the last prediction said beyond the targets.
    label : str
        Which of the suite's labels the targets are, where it has several.
    quantiles : ndarray or None
        Of the last prediction at `quantiles.LEVELS`, shape (n, 19), where it was a distribution.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[Options]]
    #: Seconds of a cell of ``configs/benchmarks/decoders.yaml`` on one core (docs/results/nowcast.md).
    seconds: ClassVar[float | None] = None
    learns: ClassVar[bool] = True
    limit: ClassVar[bool] = False
    data: Path | None = None
    checkpoint: Path | None = None
    notes: str = ""
    more: Sequence[Outcome] = ()
    label: str = ""
    quantiles: np.ndarray | None = None

    def __init__(self, options: Any, seed: int) -> None:
        self.options, self.seed = options, seed

    def unusable(self, store: Store) -> str:
        """Why it cannot predict the rows of `store`; empty when it can."""
        return ""

    def chosen(self, rows: np.ndarray) -> np.ndarray:
        """The part of the ascending test rows that it predicts.

        All of them, or the first ``samples`` of its options where each takes long: the split is random, so
        they are a random part of the test rows.
        """
        return rows[: getattr(self.options, "samples", None)]

    @abstractmethod
    def fit(self, store: Store, rows: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        """Learn from the training rows.

        Parameters
        ----------
        store : Store
            Where inputs can be read.
        rows : ndarray of int, shape (n,)
            Training rows of the store.
        time : ndarray, shape (n,)
            Days since 1970-01-01 that the targets belong to; NaN where the task has no time.
        y : ndarray, shape (n, k)
            Their targets.
        """

    @abstractmethod
    def predict(self, store: Store, rows: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Targets of the given rows, shape (len(rows), k)."""
