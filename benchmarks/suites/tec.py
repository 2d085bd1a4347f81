"""Electron content: rules against made maps with planted anomalies, with measured data shown beside."""

import time as clock
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from slipbench.benchmarks.results import Cell, CellResult
from slipbench.benchmarks.suites.base import SUITES, Inputs, Suite
from slipbench.benchmarks.tec.context import example, indices, measured_maps
from slipbench.benchmarks.tec.judge import Truth, judge
from slipbench.benchmarks.tec.options import TecOptions
from slipbench.benchmarks.tec.series import Between, SiteSeries, site_series
from slipbench.datasets.anomaly.rules import RULES
from slipbench.datasets.anomaly.tec import beyond, explained_days, index_anomalies, same_hour_bounds
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.registry import Info
from slipbench.datasets.store.reader import Store


@SUITES.register(
    Info(
        name="tec",
        task="tec",
        summary="anomalies of the electron content before earthquakes, by rules on the days before",
        reference="Wang et al. 2024 (document 002), section 2.3",
        licence="Apache-2.0",
    )
)
class Tec(Suite):
    """Every rule sees the same series at sites of made earthquakes, some with anomalies before them."""

    Options = TecOptions
    options: TecOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._series: dict[tuple[str, Between], SiteSeries] = {}

    def cells(self, inputs: Inputs) -> list[Cell]:
        """Context, then every rule for every way to read between maps, on all and on unexplained days."""
        o = self.options
        common = {"tested": inputs.store.dataset_hash, "suite": self.info.version, "window": o.window,
                  "offset": o.offset_hours}  # fmt: skip
        digest = config_hash(common | {"after": o.explained_after})
        cells = [Cell("example", "context", "-", "-", "-", 0, False, digest)]
        if o.measured:
            seen = {"options": o.measured.model_dump(mode="json"), "files": self._checksums(inputs.data)}
            digest = config_hash(common | seen)
            cells += [Cell(name, "context", "-", "-", "-", 0, False, digest) for name in ("indices", "maps")]
        for days in o.days:
            for between in o.between:
                for rule in o.rules:
                    decides = {"rule": rule, "between": between, "days": days, "after": o.explained_after}
                    kind: Literal["detector", "baseline"] = (
                        "detector" if rule.startswith("quartiles") else "baseline"
                    )
                    cells.append(
                        Cell(rule, kind, between, "-", days, 0, False, config_hash(common | decides))
                    )
        return cells

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Mark the values beyond the bounds and compare with what is planted; or describe the data."""
        o, store = self.options, inputs.store
        if cell.model == "example":
            return CellResult(example(store, self._of(store, o.between[0]), o.window, o.explained_after))
        if cell.kind == "context":
            if o.measured is None or inputs.data is None:
                raise InputError("measured", "there is no data folder", "one", "set SLIPBENCH_DATA")
            show = indices if cell.model == "indices" else measured_maps
            return CellResult(show(o.measured, inputs.data, o.window))
        began = clock.perf_counter()
        series = self._of(store, "rotated" if cell.modality == "rotated" else "linear")
        bounds = same_hour_bounds(series.tec, series.per_day, o.window, RULES[cell.model])
        marks = beyond(series.tec, *bounds)
        notes = ""
        if cell.split == "unexplained_days":
            names = ("f107", "ap", "sunspots")
            found = index_anomalies({name: store.read(name) for name in names}, o.window)
            left_out = explained_days(found, o.explained_after)
            marks[:, np.repeat(left_out, series.per_day)] = np.nan
            notes = f"{left_out[o.window :].mean():.0%} of the days explained by space weather"
        return CellResult(
            list(judge(series, marks, Truth.of(store), o.window)),
            notes=notes,
            predict_seconds=clock.perf_counter() - began,
            block_days=float(o.window),
        )

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """Scores with cautions, hits by size, an example, the measured indices and maps."""
        from slipbench.benchmarks.tec.report import write_report

        return write_report(table, folder)

    def _of(self, store: Store, between: Between) -> SiteSeries:
        key = (store.dataset_hash, between)
        if key not in self._series:
            self._series[key] = site_series(store, between, self.options.offset_hours)
        return self._series[key]

    def _checksums(self, data: Path | None) -> list[str]:
        """Of the measured files; raises InputError for one that is missing."""
        m = self.options.measured
        if m is None:
            return []
        named = [("measured.space_weather", m.space_weather), *(("measured.maps", name) for name in m.maps)]
        return [file_sha256(data_file(data, name, key)[0]) for key, name in named]
