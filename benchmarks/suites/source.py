"""Source characterisation: networks and baselines on the test part of a store, and on further test sets."""

import time as clock
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, StringConstraints, model_validator

from slipbench.benchmarks.baselines.registry import BASELINES, unfit
from slipbench.benchmarks.device import device_of
from slipbench.benchmarks.results import Cell, CellResult, Outcome
from slipbench.benchmarks.source.calibration import calibration_outcomes
from slipbench.benchmarks.source.context import context
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite, SuiteOptions
from slipbench.benchmarks.suites.fits import fit_name, fits
from slipbench.datasets.dataset import Dataset
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.recipes.source_options import SourceSyntheticOptions
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions

AnyBaseline: Any = BASELINES.union("baseline")
TestName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
#: Split of the suite's own test rows in the tables.
OWN = "-"


class SourceOptions(SuiteOptions):
    """Options of the source suite."""

    suite: Literal["source"] = "source"
    networks: dict[str, TrainerOptions] = Field(description="networks to fit and test, by name in the tables")
    baselines: list[AnyBaseline] = Field(default_factory=list, description="simple predictors beside them")
    seeds: list[int] = Field(default=[0], min_length=1, description="seeds of the networks")
    tests: dict[TestName, Dataset] = Field(
        default_factory=dict,
        description="further test sets by the name of their split in the tables; nothing is fitted on them",
    )

    @model_validator(mode="after")
    def _can_run(self) -> "SourceOptions":
        if reason := unfit(self.baselines, "source"):
            raise ValueError(reason)
        if both := sorted(set(self.networks) & {b.baseline for b in self.baselines}):
            raise ValueError(f"'{both[0]}' names a network and a baseline")
        for baseline in self.baselines:
            if (name := getattr(baseline, "network", None)) and name not in self.networks:
                raise ValueError(
                    f"'{baseline.baseline}' starts from '{name}', which is no network of the suite"
                )
        if not self.networks and not self.baselines:
            raise ValueError("there is nothing to compare: no networks and no baselines")
        return self


@SUITES.register(
    Info(
        name="source",
        task="source",
        summary="centroid latitude, longitude and Mw from co-seismic displacement",
        reference="Costantino et al. 2023 (JGR Solid Earth)",
        licence="Apache-2.0",
        version=2,
    )
)
class Source(Suite):
    """Tests on the store's own ``test`` rows and on those of further stores; trains on its ``train`` rows."""

    Options = SourceOptions
    options: SourceOptions

    def trainers(self) -> Mapping[str, TrainerOptions]:
        """Every network with every seed."""
        return fits(self.options.networks, self.options.seeds)

    def tests(self) -> Mapping[str, Any]:
        """The further test sets."""
        return self.options.tests

    def cells(self, inputs: Inputs) -> list[Cell]:
        """For every test set what its samples are, then baselines, and networks with every seed.

        Baselines run once, with the first seed; those that start from a network once for each of its seeds.
        """
        cells = []
        for split, store in {OWN: inputs.store, **inputs.tests}.items():
            common = {"tested": store.dataset_hash, "suite": self.info.version}
            digest = config_hash(common)
            cells.append(Cell("samples", "context", "-", "-", split, 0, False, digest))
            for seed in self.options.seeds:
                cells += self._cells(inputs, split, seed, common)
        return cells

    def _cells(self, inputs: Inputs, split: str, seed: int, common: dict[str, Any]) -> Iterator[Cell]:
        for baseline in self.options.baselines:
            name = getattr(baseline, "network", None)
            if not name and seed != self.options.seeds[0]:
                continue  # another seed only samples or starts otherwise: nothing here is learnt at random
            limit = BASELINES.get(baseline.baseline).limit
            decides = {
                "dataset": inputs.store.dataset_hash,
                "options": baseline.model_dump(mode="json"),
                "version": BASELINES.info(baseline.baseline).version,
            }
            if name:
                decides["weights"] = _weights(inputs.checkpoints[fit_name(name, seed)])
            digest = config_hash(common | decides)
            kind: Literal["limit", "baseline"] = "limit" if limit else "baseline"
            yield Cell(baseline.baseline, kind, "-", "-", split, seed, False, digest)
        for name, trainer in self.options.networks.items():
            # a checkpoint holds all that decides its predictions, options included
            decides = {
                "version": MODELS.info(trainer.model.model).version,
                "weights": _weights(inputs.checkpoints[fit_name(name, seed)]),
            }
            modality = str(MODELS.get(trainer.model.model).array)
            digest = config_hash(common | decides)
            yield Cell(name, "network", modality, "-", split, seed, False, digest)

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Predict the test rows, or describe them."""
        store = inputs.tests.get(cell.split, inputs.store)
        if cell.kind == "context":
            return CellResult(context(store, store.rows_of("test")))
        if cell.kind in ("baseline", "limit"):
            return self._baseline(cell, inputs, store)
        return self._network(cell, inputs, store)

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """Thresholds, maps and errors against distance, depth and gaps."""
        from slipbench.benchmarks.source.report import write_report

        return write_report(table, folder)

    def _network(self, cell: Cell, inputs: Inputs, store: Store) -> CellResult:
        fit = inputs.checkpoints[fit_name(cell.model, cell.seed)]
        if isinstance(fit, str):
            return CellResult(status="failed", reason=fit)
        # here, not above: reading a configuration must not load Lightning
        from slipbench.trainers.predict import predict

        trainer = self.options.networks[cell.model]
        began = clock.perf_counter()
        found = predict(Path(fit), store, split="test", expect=trainer.model.model)
        seconds = clock.perf_counter() - began
        same = trainer.dataset == self.options.dataset
        tested = self.options.tests.get(cell.split, self.options.dataset)
        return CellResult(
            [
                *_outcomes(found.names, found.units, found.rows, found.y_true, found.y_pred),
                *calibration_outcomes(found.rows, found.calibration),
            ],
            notes="; ".join(_remarks(trainer.dataset, self.options.dataset, tested)),
            n_train=len(inputs.store.rows_of("train")) if same else 0,
            predict_seconds=seconds,
            device=device_of("auto"),
        )

    def _baseline(self, cell: Cell, inputs: Inputs, tested: Store) -> CellResult:
        options = next(o for o in self.options.baselines if o.baseline == cell.model)
        baseline, trained = BASELINES.get(cell.model)(options, cell.seed), inputs.store
        baseline.data = inputs.data
        if name := getattr(options, "network", None):
            fit = inputs.checkpoints[fit_name(name, cell.seed)]
            if isinstance(fit, str):
                return CellResult(status="failed", reason=f"network {name}: {fit}")
            baseline.checkpoint = Path(fit)
        for store in [tested, trained] if baseline.learns else [tested]:
            if reason := baseline.unusable(store):
                return CellResult(status="skipped", reason=reason)
        train, every = trained.rows_of("train"), tested.rows_of("test")
        test = baseline.chosen(every)
        if not len(train) or not len(test):
            return CellResult(status="skipped", reason=f"{len(train)} training and {len(test)} test rows")
        began = clock.perf_counter()
        known = trained.read("target").astype(np.float64)[train]
        baseline.fit(trained, train, np.full(len(train), np.nan), known)
        fitted = clock.perf_counter()
        predicted = baseline.predict(tested, test, np.full(len(test), np.nan))
        few = "" if len(test) == len(every) else f"{len(test)} of {len(every)} test samples"
        y, targets = tested.read("target").astype(np.float64), tested.attrs["targets"]
        return CellResult(
            [
                *_outcomes(
                    [t["name"] for t in targets], [t["units"] for t in targets], test, y[test], predicted
                ),
                *baseline.more,
            ],
            notes="; ".join(filter(None, [few, baseline.notes])),
            n_train=len(train),
            fit_seconds=fitted - began,
            predict_seconds=clock.perf_counter() - fitted,
        )


def _remarks(trained: Any, own: Any, tested: Any) -> Iterator[str]:
    """What a reader must know of the data that a network was trained on."""
    if trained != own:
        yield f"trained on {trained.name}"
    both = isinstance(trained, SourceSyntheticOptions) and isinstance(tested, SourceSyntheticOptions)
    if both and trained.trains_on_tests_of(tested):
        yield "LEAKY: some of its training sources are test sources here"


def _weights(fit: Path | str) -> str | None:
    """SHA-256 of a fit's weights; None where it failed."""
    return None if isinstance(fit, str) else file_sha256(Path(fit))


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
