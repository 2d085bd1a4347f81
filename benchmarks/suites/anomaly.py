"""Anomalies of high-rate GNSS velocities: false alarms, delays and ROC of detectors on real records."""

import time as clock
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from slipbench.benchmarks.anomaly.before_origin import marks
from slipbench.benchmarks.anomaly.context import context, series
from slipbench.benchmarks.anomaly.outcomes import judge, outcomes
from slipbench.benchmarks.anomaly.protocol import RATE, Protocol
from slipbench.benchmarks.anomaly.records import Records, read_records
from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite, SuiteOptions
from slipbench.datasets.anomaly.detectors.base import DETECTORS
from slipbench.datasets.hashing import config_hash
from slipbench.datasets.registry import Info

AnyDetector: Any = DETECTORS.union("detector")


class AnomalyOptions(SuiteOptions):
    """Options of the anomaly suite. Windows are counted in epochs."""

    suite: Literal["anomaly"] = "anomaly"
    detectors: list[AnyDetector] = Field(min_length=1, description="detectors to test")
    baselines: list[AnyDetector] = Field(default_factory=list, description="well-known ones beside them")
    background: int = Field(45, ge=1, description="epochs of a record before any is judged")
    window: int = Field(30, ge=1, description="epochs of the quiet and the shaken windows of the ROC")
    hold: int = Field(10, ge=1, description="epochs without anomaly before one that is a new alarm")

    @property
    def latency(self) -> int:
        """Epochs by which the dataset's cleaning looks ahead (`preprocess.spikes`: one)."""
        return int(getattr(self.dataset, "spikes", None) is not None)

    @model_validator(mode="after")
    def _can_run(self) -> "AnomalyOptions":
        every = [*self.detectors, *self.baselines]
        names = [o.name for o in every]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"'{twice[0]}' names two detectors")
        for o in every:
            # the first velocity is that of the second epoch
            needed = DETECTORS.get(o.detector)(o).warm_up + 1
            if needed > self.background:
                raise ValueError(
                    f"'{o.name}' needs {needed} epochs of background, more than {self.background}"
                )
        return self


@SUITES.register(
    Info(
        name="anomaly",
        task="anomaly",
        summary="false alarms, delays and ROC of detectors on real high-rate records",
        reference="Wang et al. 2024 (document 002); Withers et al. 1998; Page 1954",
        licence="Apache-2.0",
    )
)
class Anomaly(Suite):
    """Every detector sees the velocities of the same records and learns nothing.

    Quiet is what lies before any wave can arrive, shaken a window of the same length from the S wave on. The
    threshold of one false alarm per hour at a station comes from the quiet parts of other stations.
    """

    Options = AnomalyOptions
    options: AnomalyOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._kept: tuple[str, list[Records]] = ("", [])

    def cells(self, inputs: Inputs) -> list[Cell]:
        """What the records are, then the detectors in the order of the options."""
        o = self.options
        common = {
            "dataset": inputs.store.dataset_hash,
            "suite": self.info.version,
            "protocol": [o.background, o.window, o.hold, o.latency, RATE],
        }
        cells = [Cell("samples", "context", "-", "-", "-", 0, False, config_hash(common))]
        for kind, group in (("detector", o.detectors), ("baseline", o.baselines)):
            for options in group:
                decides = {
                    "options": options.model_dump(mode="json"),
                    "version": DETECTORS.info(options.detector).version,
                }
                digest = config_hash(common | decides)
                cells.append(Cell(options.name, kind, "-", "-", "-", 0, False, digest))  # type: ignore[arg-type]
        return cells

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Describe the records, or judge them."""
        read = self._records(inputs)
        every = [r for r in read if r.usable]
        if not every:
            return CellResult(status="skipped", reason="no earthquake of the store has a record long enough")
        short = [f"{r.name}: too little before the waves" for r in read if not r.usable]
        block = [r.row for r in every for _ in range(len(r))]
        if cell.kind == "context":
            return CellResult(context(every), block=block)
        options = next(o for o in (*self.options.detectors, *self.options.baselines) if o.name == cell.model)
        detector = DETECTORS.get(options.detector)(options)
        began = clock.perf_counter()
        judged = [judge(detector, r) for r in every]
        seconds = clock.perf_counter() - began
        found = [*outcomes(detector, judged), *series(judged), marks(judged, options.threshold)]
        return CellResult(found, notes="; ".join(short), predict_seconds=seconds, block=block)

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """False alarms, ROC, delays, the document's claims, and what chance gives."""
        from slipbench.benchmarks.anomaly.report import write_report

        return write_report(table, folder, self.options)

    def _records(self, inputs: Inputs) -> list[Records]:
        """Of all earthquakes; read once, they are needed by every cell."""
        digest = inputs.store.dataset_hash
        if self._kept[0] != digest:
            o = self.options
            protocol = Protocol(o.background, o.window, o.hold, o.latency)
            self._kept = digest, list(read_records(inputs.store, protocol))
        return self._kept[1]
