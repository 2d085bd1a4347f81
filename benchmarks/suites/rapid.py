"""Magnitude from high-rate displacement, second by second, on all earthquakes of a store."""

import time as clock
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from slipbench.benchmarks.metrics import SNAPSHOT
from slipbench.benchmarks.rapid.context import context
from slipbench.benchmarks.rapid.curve import Stable
from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, leave_one_out
from slipbench.benchmarks.rapid.network import network_estimate, network_outcomes
from slipbench.benchmarks.rapid.outcomes import outcomes
from slipbench.benchmarks.rapid.records import Records, read_records
from slipbench.benchmarks.rapid.snapshots import PEAK, events_of, peak_outcomes, snapshot_outcomes
from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite, SuiteOptions
from slipbench.benchmarks.suites.fits import fit_name, fits
from slipbench.datasets.dataset import Dataset
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.physics.pgd import SCALINGS
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions

AnyEstimator: Any = ESTIMATORS.union("estimator")
#: Recipe of the stores that it reads.
RECIPE = "rapid_real"
#: Recipe of the stores that networks are trained on; split of their test rows in the tables.
VIRTUAL_RECIPE, VIRTUAL = "rapid_virtual", "virtual"
#: Distance from the catalogue's Mw that counts as arrived (science S3).
WITHIN = 0.3


class RapidOptions(SuiteOptions):
    """Options of the rapid suite."""

    suite: Literal["rapid"] = "rapid"
    estimators: list[AnyEstimator] = Field(min_length=1, description="estimators to compare")
    networks: dict[str, TrainerOptions] = Field(
        default_factory=dict, description="networks to train on virtual earthquakes, by name in the tables"
    )
    seeds: list[int] = Field(default=[0], min_length=1, description="seeds of the networks")
    virtual: Dataset | None = Field(
        None, description="virtual earthquakes whose test rows the networks are tested on; null: none"
    )
    own: float = Field(0.1, gt=0, description="an estimate has arrived when it stays so near its last value")
    stable_change: float = Field(0.1, gt=0, description="an estimate is stable while it changes by less ...")
    stable_s: float = Field(10.0, gt=0, description="... over so many seconds, s")

    @model_validator(mode="after")
    def _can_run(self) -> "RapidOptions":
        names = [e.name for e in self.estimators]
        names += [*self.networks, *([PEAK] if self.virtual else [])]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"two estimators are called '{twice[0]}'; give one another name")
        made = {f"networks.{k}.dataset": t.dataset for k, t in self.networks.items()}
        for key, dataset in (made | {"virtual": self.virtual}).items():
            if dataset is not None and dataset.recipe != VIRTUAL_RECIPE:
                raise ValueError(f"{key}: recipe '{dataset.recipe}' where '{VIRTUAL_RECIPE}' is needed")
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
    """Every estimator on every earthquake; what learns from them is fitted on all others.

    Networks learn from virtual earthquakes only, and are tested on such, too.
    """

    Options = RapidOptions
    options: RapidOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._kept: tuple[str, Records] | None = None

    def trainers(self) -> Mapping[str, TrainerOptions]:
        """Every network with every seed."""
        return fits(self.options.networks, self.options.seeds)

    def tests(self) -> Mapping[str, Any]:
        """The virtual earthquakes."""
        return {VIRTUAL: self.options.virtual} if self.options.virtual else {}

    def cells(self, inputs: Inputs) -> list[Cell]:
        """What the records are, the estimators in the order of the options, networks; the virtual tests."""
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
        cells += self._network_cells(inputs, "-", "-", common | judged)
        if (store := inputs.tests.get(VIRTUAL)) is not None:
            tested = {"tested": store.dataset_hash, "suite": self.info.version}
            cells.append(Cell(PEAK, "baseline", "-", SNAPSHOT, VIRTUAL, 0, False, config_hash(tested)))
            cells += self._network_cells(inputs, SNAPSHOT, VIRTUAL, tested)
        return cells

    def _network_cells(
        self, inputs: Inputs, label: str, split: str, common: dict[str, Any]
    ) -> Iterator[Cell]:
        for name, trainer in self.options.networks.items():
            for seed in self.options.seeds:
                fit = inputs.checkpoints[fit_name(name, seed)]
                decides = {
                    "version": MODELS.info(trainer.model.model).version,
                    "weights": None if isinstance(fit, str) else file_sha256(Path(fit)),
                }
                digest = config_hash(common | decides)
                modality = str(MODELS.get(trainer.model.model).array)
                yield Cell(name, "network", modality, label, split, seed, False, digest)

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Describe the records, or estimate them."""
        if cell.split == VIRTUAL:
            return self._virtual(cell, inputs, inputs.tests[VIRTUAL])
        records = self._records(inputs)
        if cell.kind == "context":
            return CellResult(context(inputs.store, records))
        if cell.kind == "network":
            return self._network(cell, inputs, records)
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

    def _network(self, cell: Cell, inputs: Inputs, records: Records) -> CellResult:
        fit = inputs.checkpoints[fit_name(cell.model, cell.seed)]
        if isinstance(fit, str):
            return CellResult(status="failed", reason=fit)
        o, trainer = self.options, self.options.networks[cell.model]
        began = clock.perf_counter()
        found = network_estimate(Path(fit), records, trainer.dataset, trainer.model.model)
        seconds = clock.perf_counter() - began
        told = outcomes(records, found.estimate, WITHIN, o.own, Stable(o.stable_change, o.stable_s))
        return CellResult(
            [*told, *network_outcomes(records, found)],
            notes=f"trained on {trainer.dataset.name}",
            n_train=self._trained_on(cell, inputs),
            predict_seconds=seconds,
        )

    def _virtual(self, cell: Cell, inputs: Inputs, store: Store) -> CellResult:
        """Test snapshots of virtual earthquakes."""
        began = clock.perf_counter()
        if cell.kind == "baseline":
            found = peak_outcomes(store)
        else:
            fit = inputs.checkpoints[fit_name(cell.model, cell.seed)]
            if isinstance(fit, str):
                return CellResult(status="failed", reason=fit)
            found = snapshot_outcomes(Path(fit), store, self.options.networks[cell.model].model.model)
        return CellResult(
            found,
            n_train=self._trained_on(cell, inputs),
            predict_seconds=clock.perf_counter() - began,
            block=events_of(store),
        )

    def _trained_on(self, cell: Cell, inputs: Inputs) -> int:
        """Training rows of a network, where its store is known here."""
        o = self.options
        known = cell.kind == "network" and o.networks[cell.model].dataset == o.virtual
        return len(inputs.tests[VIRTUAL].rows_of("train")) if known and VIRTUAL in inputs.tests else 0

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
