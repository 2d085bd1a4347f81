"""Magnitude from high-rate displacement, second by second, on all earthquakes of a store."""

import time as clock
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from slipbench.benchmarks.rapid.context import context
from slipbench.benchmarks.rapid.curve import Stable
from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, leave_one_out
from slipbench.benchmarks.rapid.outcomes import outcomes
from slipbench.benchmarks.rapid.records import Records, read_records
from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite, SuiteOptions
from slipbench.datasets.hashing import config_hash
from slipbench.datasets.physics.pgd import SCALINGS
from slipbench.datasets.registry import Info

AnyEstimator: Any = ESTIMATORS.union("estimator")
#: Recipe of the stores that it reads.
RECIPE = "rapid_real"
#: Distance from the catalogue's Mw that counts as arrived (science S3).
WITHIN = 0.3


class RapidOptions(SuiteOptions):
    """Options of the rapid suite."""

    suite: Literal["rapid"] = "rapid"
    estimators: list[AnyEstimator] = Field(min_length=1, description="estimators to compare")
    own: float = Field(0.1, gt=0, description="an estimate has arrived when it stays so near its last value")
    stable_change: float = Field(0.1, gt=0, description="an estimate is stable while it changes by less ...")
    stable_s: float = Field(10.0, gt=0, description="... over so many seconds, s")

    @model_validator(mode="after")
    def _can_run(self) -> "RapidOptions":
        names = [e.name for e in self.estimators]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"two estimators are called '{twice[0]}'; give one another name")
        if self.dataset.recipe != RECIPE:
            raise ValueError(f"dataset: recipe '{self.dataset.recipe}' holds no records; '{RECIPE}' does")
        return self


@SUITES.register(
    Info(
        name="rapid",
        task="rapid",
        summary="Mw from high-rate displacement as the waves arrive",
        reference="Ruhl et al. 2019; document 003",
        licence="Apache-2.0",
    )
)
class Rapid(Suite):
    """Every estimator on every earthquake; what learns from them is fitted on all others."""

    Options = RapidOptions
    options: RapidOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._kept: tuple[str, Records] | None = None

    def cells(self, inputs: Inputs) -> list[Cell]:
        """What the records are, then the estimators in the order of the options."""
        o = self.options
        common = {"dataset": inputs.store.dataset_hash, "suite": self.info.version}
        judged = {"within": WITHIN, "own": o.own, "stable": [o.stable_change, o.stable_s]}
        cells = [Cell("samples", "context", "-", "-", "-", 0, False, config_hash(common))]
        for options in o.estimators:
            decides = {
                "options": options.model_dump(mode="json"),
                "version": ESTIMATORS.info(options.estimator).version,
            }
            digest = config_hash(common | judged | decides)
            cells.append(Cell(options.name, "baseline", "-", "-", "-", 0, False, digest))
        return cells

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Describe the records, or estimate them."""
        records = self._records(inputs)
        if cell.kind == "context":
            return CellResult(context(inputs.store, records))
        o = self.options
        options = next(e for e in o.estimators if e.name == cell.model)
        estimator = ESTIMATORS.get(options.estimator)(options)
        began = clock.perf_counter()
        found = leave_one_out(estimator, records)
        seconds = clock.perf_counter() - began
        return CellResult(
            outcomes(records, found, WITHIN, o.own, Stable(o.stable_change, o.stable_s)),
            notes="fitted on the other earthquakes" if estimator.learns else "",
            n_train=len(records) - 1 if estimator.learns else 0,
            predict_seconds=seconds,
        )

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """Every earthquake by every estimator, curves, stations, quality control, the document's claims."""
        from slipbench.benchmarks.rapid.report import write_report

        published = {
            e.name: SCALINGS[e.coefficients] for e in self.options.estimators if e.estimator == "pgd"
        }
        return write_report(table, folder, WITHIN, published)

    def _records(self, inputs: Inputs) -> Records:
        """Of all earthquakes; read once, they are needed by every cell."""
        digest = inputs.store.dataset_hash
        if self._kept is None or self._kept[0] != digest:
            self._kept = digest, read_records(inputs.store)
        return self._kept[1]
