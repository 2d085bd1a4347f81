"""Source characterisation: networks and baselines on the test part of a synthetic store."""

import time as clock
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.benchmarks.baselines.registry import BASELINES, unfit
from slipbench.benchmarks.device import device_of
from slipbench.benchmarks.results import Cell, CellResult, Outcome
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite, SuiteOptions
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.registry import Info
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions

AnyBaseline: Any = BASELINES.union("baseline")


class SourceOptions(SuiteOptions):
    """Options of the source suite."""

    suite: Literal["source"] = "source"
    networks: dict[str, TrainerOptions] = Field(description="networks to fit and test, by name in the tables")
    baselines: list[AnyBaseline] = Field(default_factory=list, description="simple predictors beside them")
    seeds: list[int] = Field(default=[0], min_length=1, description="seeds of the networks")

    @model_validator(mode="after")
    def _can_run(self) -> "SourceOptions":
        if reason := unfit(self.baselines, "source"):
            raise ValueError(reason)
        if both := sorted(set(self.networks) & {b.baseline for b in self.baselines}):
            raise ValueError(f"'{both[0]}' names a network and a baseline")
        if not self.networks and not self.baselines:
            raise ValueError("there is nothing to compare: no networks and no baselines")
        return self


def fit_name(network: str, seed: int) -> str:
    """Name of one fit among the suite's checkpoints."""
    return f"{network}-seed{seed}"


@SUITES.register(
    Info(
        name="source",
        task="source",
        summary="centroid latitude, longitude and Mw from co-seismic displacement",
        reference="JGR Solid Earth 2023 (science page S1), synthetic test set",
        licence="Apache-2.0",
    )
)
class Source(Suite):
    """Tests on the store's own ``test`` rows; training rows are the store's ``train`` rows."""

    Options = SourceOptions
    options: SourceOptions

    def trainers(self) -> Mapping[str, TrainerOptions]:
        """Every network with every seed; the suite's seeds replace the trainers' own."""
        return {
            fit_name(name, seed): trainer.model_copy(update={"seed": seed})
            for name, trainer in self.options.networks.items()
            for seed in self.options.seeds
        }

    def cells(self, inputs: Inputs) -> list[Cell]:
        """Baselines, then networks, each with every seed."""
        common = {"dataset": inputs.store.dataset_hash, "suite": self.info.version}
        cells = []
        for seed in self.options.seeds:
            for baseline in self.options.baselines:
                decides = {
                    "options": baseline.model_dump(mode="json"),
                    "version": BASELINES.info(baseline.baseline).version,
                }
                digest = config_hash(common | decides)
                cells.append(Cell(baseline.baseline, "baseline", "-", "-", "-", seed, False, digest))
            for name, trainer in self.options.networks.items():
                fit = inputs.checkpoints[fit_name(name, seed)]
                decides = {
                    "options": trainer.model_copy(update={"seed": seed}).model_dump(mode="json"),
                    "version": MODELS.info(trainer.model.model).version,
                    # the same options give other weights where a search ran before the fit
                    "weights": None if isinstance(fit, str) else file_sha256(Path(fit)),
                }
                modality = str(MODELS.get(trainer.model.model).array)
                digest = config_hash(common | decides)
                cells.append(Cell(name, "network", modality, "-", "-", seed, False, digest))
        return cells

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Predict the test rows."""
        return self._baseline(cell, inputs) if cell.kind == "baseline" else self._network(cell, inputs)

    def _network(self, cell: Cell, inputs: Inputs) -> CellResult:
        fit = inputs.checkpoints[fit_name(cell.model, cell.seed)]
        if isinstance(fit, str):
            return CellResult(status="failed", reason=fit)
        # here, not above: reading a configuration must not load Lightning
        from slipbench.trainers.predict import predict

        trainer = self.options.networks[cell.model]
        began = clock.perf_counter()
        found = predict(Path(fit), inputs.store, split="test", expect=trainer.model.model)
        seconds = clock.perf_counter() - began
        same = trainer.dataset == self.options.dataset
        return CellResult(
            _outcomes(found.names, found.units, found.rows, found.y_true, found.y_pred),
            notes="" if same else f"trained on {trainer.dataset.name}",
            n_train=len(inputs.store.rows_of("train")) if same else 0,
            predict_seconds=seconds,
            device=device_of("auto"),
        )

    def _baseline(self, cell: Cell, inputs: Inputs) -> CellResult:
        options = next(o for o in self.options.baselines if o.baseline == cell.model)
        baseline = BASELINES.get(cell.model)(options, cell.seed)
        store = inputs.store
        train, test = store.rows_of("train"), store.rows_of("test")
        if not len(train) or not len(test):
            return CellResult(status="skipped", reason=f"{len(train)} training and {len(test)} test rows")
        y = store.read("target").astype(np.float64)
        began = clock.perf_counter()
        baseline.fit(store, train, np.full(len(train), np.nan), y[train])
        fitted = clock.perf_counter()
        predicted = baseline.predict(store, test, np.full(len(test), np.nan))
        targets = store.attrs["targets"]
        return CellResult(
            _outcomes([t["name"] for t in targets], [t["units"] for t in targets], test, y[test], predicted),
            n_train=len(train),
            fit_seconds=fitted - began,
            predict_seconds=clock.perf_counter() - fitted,
        )


def _outcomes(
    names: Any, units: Any, rows: np.ndarray, y_true: np.ndarray, y_pred: np.ndarray
) -> list[Outcome]:
    """One outcome for each target (column)."""
    sample, time = np.asarray(rows).tolist(), [float("nan")] * len(rows)
    true, pred = np.asarray(y_true, np.float64).T, np.asarray(y_pred, np.float64).T
    return [
        Outcome(name, unit, sample, time, t.tolist(), p.tolist())
        for name, unit, t, p in zip(names, units, true, pred, strict=True)
    ]
