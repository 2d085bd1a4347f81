"""What every suite offers: the stores and fits that it needs, its cells, and how to compute one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from pydantic import Field

from slipbench.benchmarks.results import Cell, CellResult
from slipbench.datasets.dataset import Dataset
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info, Registry
from slipbench.datasets.store.reader import Store
from slipbench.trainers.options import TrainerOptions

#: ``progress(text, done, total)``
Progress = Callable[[str, int, int], None]


class SuiteOptions(Options):
    """Options that every suite has; a suite adds ``suite: Literal["<its name>"]`` and its own."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the suite's runs in paths and tables"
    )
    dataset: Dataset = Field(description="store that the models are tested on")


@dataclass(frozen=True)
class Inputs:
    """What the caller has made ready.

    Parameters
    ----------
    store : Store
        Sealed store of the suite's dataset.
    checkpoints : mapping
        Name of each of the suite's trainers to its best checkpoint, or to the reason (str) why it failed.
    cache : Path
        Folder for derived inputs such as embeddings, shared between suites.
    tests : mapping
        Sealed stores of the suite's further test sets, by their name.
    data : Path or None
        Folder of real data, where there is one.
    """

    store: Store
    checkpoints: Mapping[str, Path | str]
    cache: Path
    tests: Mapping[str, Store] = field(default_factory=dict)
    data: Path | None = None


@dataclass(frozen=True)
class Needs:
    """What a cell takes while it is computed.

    Parameters
    ----------
    cpus, gpus : float
        Cores and GPUs; shares of one are allowed.
    """

    cpus: float = 1.0
    gpus: float = 0.0


class Suite(ABC):
    """A benchmark: cells over one dataset under one protocol."""

    info: ClassVar[Info]
    Options: ClassVar[type[SuiteOptions]]

    def __init__(self, options: Any) -> None:
        self.options = options

    def trainers(self) -> Mapping[str, TrainerOptions]:
        """Networks that must be fitted before the suite runs, by their name in the tables."""
        return {}

    def tests(self) -> Mapping[str, Any]:
        """Options of further datasets to test on, by the name of their split in the tables."""
        return {}

    def dataset_of(self, cell: Cell, inputs: Inputs) -> tuple[str, str]:
        """Name and hash of the dataset that a cell is tested on."""
        if cell.split in inputs.tests:
            return self.tests()[cell.split].name, inputs.tests[cell.split].dataset_hash
        return self.options.dataset.name, inputs.store.dataset_hash

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """Write what the suite has to say beyond the leaderboard, from its results table alone."""
        return []

    def check(self) -> None:  # noqa: B027 (nothing to check is fine)
        """Raise InputError for anything missing (weights, limits) that can be known before the run."""

    def prepare(self, inputs: Inputs, progress: Progress) -> None:  # noqa: B027 (nothing to do is fine)
        """Make shared inputs (cached on disk), such as embeddings."""

    def needs(self, cell: Cell) -> Needs:
        """What a cell takes where cells are computed side by side."""
        return Needs()

    def tags(self) -> dict[str, str]:
        """What its MLflow run tells beside its options, such as checksums of weights."""
        return {}

    def seconds(self, cell: Cell) -> float | None:
        """About what a cell takes on one core; None where nothing is known."""
        return None

    @abstractmethod
    def cells(self, inputs: Inputs) -> list[Cell]:
        """All cells in the order of the table."""

    @abstractmethod
    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Compute one cell. Raised exceptions become a ``failed`` row."""


SUITES: Registry[type[Suite]] = Registry("suite", "slipbench.benchmarks.suites")
