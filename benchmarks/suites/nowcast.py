"""Seismicity nowcast: decoders and baselines on three modalities under three splits."""

import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.device import device_of
from slipbench.benchmarks.features import Features, Modality
from slipbench.benchmarks.nowcast.context import context
from slipbench.benchmarks.quantiles import LEVELS, quantile_outcomes
from slipbench.benchmarks.results import Cell, CellResult, Outcome
from slipbench.benchmarks.splits import COUNT, LEAKY, SPLITTERS, Split, label_reach_days
from slipbench.benchmarks.suites.base import SUITES, Inputs, Needs, Progress, Suite
from slipbench.benchmarks.suites.nowcast_options import NowcastOptions
from slipbench.benchmarks.tuning import inner_split, tuned
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.registry import Info
from slipbench.trainers.embed import embed, read_embeddings
from slipbench.trainers.encoders.registry import ENCODERS


@dataclass(frozen=True)
class _Data:
    """Usable rows of the store: those whose a, b and labels are all known."""

    rows: np.ndarray
    time: np.ndarray
    ab: np.ndarray
    labels: Mapping[str, np.ndarray]
    units: Mapping[str, str]
    attrs: dict[str, Any]


@dataclass(frozen=True)
class _Predicted:
    """What a model gave for the test rows: its prediction, quantiles at `LEVELS`, and how it went."""

    point: np.ndarray
    quantiles: np.ndarray | None
    fit_seconds: float
    predict_seconds: float
    notes: list[str]
    device: str = "cpu"


@SUITES.register(
    Info(
        name="nowcast",
        task="nowcast",
        summary="daily seismicity density from GNSS images and a- and b-values",
        reference="GeoViT-PFN protocol with chronological and blocked splits beside the published one",
        licence="Apache-2.0",
    )
)
class Nowcast(Suite):
    """Every decoder sees the same rows: days whose a, b and labels are known."""

    Options = NowcastOptions
    options: NowcastOptions

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._no_embeddings: Exception | None = None

    def check(self) -> None:
        """Raise InputError for missing weights of the encoder or a decoder."""
        if self._sees_images:
            self._encoder.check()
        for options in self.options.decoders:
            DECODERS.get(options.decoder)(options, self.options.seeds[0]).check()

    @cached_property
    def _encoder(self) -> Any:
        return ENCODERS.get(self.options.encoder.encoder)(self.options.encoder)

    @cached_property
    def _encoder_identity(self) -> dict[str, Any]:
        return self._encoder.identity()

    @property
    def _sees_images(self) -> bool:
        return any(m != "ab" for m in self.options.modalities)

    def prepare(self, inputs: Inputs, progress: Progress) -> None:
        """Embed all images. When that fails, the cells without images still run."""
        if not self._sees_images:
            return
        try:
            embed(
                self.options.encoder,
                inputs.store,
                "image",
                inputs.cache,
                lambda done, total: progress("embeddings", done, total),
            )
        except Exception as error:
            self._no_embeddings = error

    def cells(self, inputs: Inputs) -> list[Cell]:
        """Split, then seed, then label outermost, so that neighbouring cells share features."""
        o = self.options
        common = {
            "dataset": inputs.store.dataset_hash,
            "suite": self.info.version,
            "test_fraction": o.test_fraction,
            "min_train_rows": o.min_train_rows,
        }
        identities = {d.name: _decoder_identity(d) for d in o.decoders}  # reads the weights of each once
        known = config_hash(common | {"labels": o.labels})
        cells = [Cell("samples", "context", "-", "-", "-", o.seeds[0], False, known)]
        for split in o.splits:
            for seed in o.seeds:
                for label in o.labels:

                    def cell(model: str, kind: Any, modality: str, decides: dict[str, Any]) -> Cell:
                        digest = config_hash(common | decides)
                        return Cell(model, kind, modality, label, split, seed, split in LEAKY, digest)  # noqa: B023

                    for options in o.baselines:
                        info = BASELINES.info(options.baseline)
                        decides = {"options": options.model_dump(mode="json"), "version": info.version}
                        cells.append(cell(options.baseline, "baseline", "-", decides))
                    for modality in o.modalities:
                        for options in o.decoders:
                            decides = identities[options.name]
                            if o.tune:
                                decides = decides | {"tune": o.tune.model_dump(mode="json")}
                            if modality != "ab":
                                decides = decides | {
                                    "encoder": self._encoder_identity,
                                    "components": o.components,
                                }
                            cells.append(cell(options.name, "decoder", modality, decides))
        return cells

    def tags(self) -> dict[str, str]:
        """Checksums of the weights of the encoder and the decoders."""
        found = {}
        if self._sees_images and self._no_embeddings is None:
            found["encoder_sha256"] = str(self._encoder_identity["weights_sha256"])
        for options in self.options.decoders:
            if weights := _decoder_identity(options)["weights"]:
                found[f"{options.name}_sha256"] = weights
        return found

    def needs(self, cell: Cell) -> Needs:
        """As the options of the decoder say."""
        if cell.kind != "decoder":
            return Needs()
        options = self._decoder_options(cell)
        return Needs(options.cpus or getattr(options, "threads", 1), options.gpus)

    def seconds(self, cell: Cell) -> float | None:
        """As measured, for the sizes of the shipped decoder suite; tuning fits once for every trial."""
        if cell.kind == "baseline":
            return BASELINES.get(cell.model).seconds
        if cell.kind != "decoder":
            return None
        options = self._decoder_options(cell)
        one = DECODERS.get(options.decoder)(options, cell.seed).seconds
        return one * (self.options.tune.trials + 1) if one and self.options.tune else one

    def run(self, cell: Cell, inputs: Inputs) -> CellResult:
        """Fit on the training days and predict the test days."""
        data = self._once("data", inputs.store.dataset_hash, lambda: self._read(inputs))
        if cell.kind == "context":
            return CellResult(context(inputs.store, data.rows))
        split = self._split(data, cell)
        dropped = len(inputs.store) - len(data.rows)
        notes = [f"embargo {split.embargo_days:.0f} d"] if split.embargo_days else []
        notes += [f"{dropped} days without a, b or label left out"] if dropped else []
        if len(split.train) < self.options.min_train_rows:
            reason = f"{len(split.train)} training days, {self.options.min_train_rows} are needed"
            if split.embargo_days:
                reason += f"; the embargo of {split.embargo_days:.0f} d leaves no more of {len(data.rows)} d"
            return CellResult(status="skipped", reason=reason, n_train=len(split.train))
        if cell.modality in ("gnss", "both"):
            seen = int((data.time[split.test] < self._encoder.seen_before).sum())
            notes += [f"the encoder saw images of {seen} of {len(split.test)} test days"] if seen else []
        if cell.kind == "baseline":
            found = self._baseline(cell, inputs, data, split)
        else:
            found = self._decoder(cell, inputs, data, split)
        if isinstance(found, str):
            return CellResult(status="skipped", reason=found, n_train=len(split.train))
        test = split.test[np.argsort(data.time[split.test], kind="stable")]
        back = np.searchsorted(split.test, test)
        outcome = Outcome(
            quantity="events" if cell.label == COUNT else "density",
            units=data.units[cell.label],
            sample=data.rows[test].tolist(),
            time=data.time[test].tolist(),
            y_true=data.labels[cell.label][test].tolist(),
            y_pred=found.point[back].tolist(),
        )
        more = [] if found.quantiles is None else quantile_outcomes(outcome, found.quantiles[back])
        return CellResult(
            [outcome, *more],
            notes="; ".join(filter(None, [*found.notes, *notes])),
            n_train=len(split.train),
            fit_seconds=found.fit_seconds,
            predict_seconds=found.predict_seconds,
            device=found.device,
            block_days=label_reach_days(data.attrs, cell.label),
        )

    def report(self, table: pd.DataFrame, folder: Path) -> list[Path]:
        """Leakage, calibration, average ranks, large earthquakes."""
        from slipbench.benchmarks.nowcast.report import write_report

        return write_report(table, folder)

    def _read(self, inputs: Inputs) -> _Data:
        store = inputs.store
        ab, time = store.read("ab"), store.read("label_time").astype(np.float64)
        labels = {name: store.read(f"label_{name}").astype(np.float64) for name in self.options.labels}
        known = np.isfinite(ab).all(axis=1) & np.isfinite(time)
        known &= np.all([np.isfinite(v) for v in labels.values()], axis=0)
        rows = np.flatnonzero(known)
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} days of the store have a, b and label")
        units = {str(name): str(store.array(f"label_{name}").attrs.get("units", "1")) for name in labels}
        return _Data(rows, time[rows], ab[rows], {k: v[rows] for k, v in labels.items()}, units, store.attrs)

    def _decoder_options(self, cell: Cell) -> Any:
        return next(o for o in self.options.decoders if o.name == cell.model)

    def _split(self, data: _Data, cell: Cell) -> Split:
        return SPLITTERS[cell.split](
            data.time, data.attrs, cell.seed, self.options.test_fraction, self.options.min_train_rows
        )

    def _once(self, name: str, key: Any, make: Callable[[], Any]) -> Any:
        """The value made for `key`; only the latest one of each name is kept in memory."""
        if name not in self._kept or self._kept[name][0] != key:
            self._kept[name] = (key, make())
        return self._kept[name][1]

    def _baseline(self, cell: Cell, inputs: Inputs, data: _Data, split: Split) -> "_Predicted | str":
        options = next(o for o in self.options.baselines if o.baseline == cell.model)
        baseline = BASELINES.get(cell.model)(options, cell.seed)
        baseline.label = cell.label
        if reason := baseline.unusable(inputs.store):
            return reason
        y = data.labels[cell.label][:, None]
        train, test = split.train, split.test
        began = clock.perf_counter()
        baseline.fit(inputs.store, data.rows[train], data.time[train], y[train])
        fitted = clock.perf_counter()
        predicted = baseline.predict(inputs.store, data.rows[test], data.time[test])[:, 0]
        took = clock.perf_counter() - fitted
        return _Predicted(predicted, baseline.quantiles, fitted - began, took, [baseline.notes])

    def _features(self, cell: Cell, inputs: Inputs, data: _Data, split: Split) -> Features:
        embeddings = None
        if cell.modality != "ab":
            if self._no_embeddings is not None:
                raise self._no_embeddings
            embeddings = self._once(
                "embeddings", inputs.store.dataset_hash, lambda: self._embeddings(inputs)[data.rows]
            )
        key = (inputs.store.dataset_hash, cell.split, cell.seed, embeddings is None)
        return self._once(
            "features",
            key,
            lambda: Features.fit(embeddings, data.ab, split.train, self.options.components),
        )

    def _embeddings(self, inputs: Inputs) -> np.ndarray:
        return read_embeddings(embed(self.options.encoder, inputs.store, "image", Path(inputs.cache)))

    def _decoder(self, cell: Cell, inputs: Inputs, data: _Data, split: Split) -> "_Predicted | str":
        options = self._decoder_options(cell)
        x = self._features(cell, inputs, data, split).matrix(cast(Modality, cell.modality))
        decoder = DECODERS.get(options.decoder)(options, cell.seed)
        if reason := decoder.limits(len(split.train), x.shape[1]):
            return reason
        order = np.argsort(data.time[split.train], kind="stable")
        train = split.train[order]
        y, note = data.labels[cell.label][train], ""
        began = clock.perf_counter()
        if tune := self.options.tune:
            least = self.options.min_train_rows
            rows = inner_split(data.time[train], tune.validation, split.embargo_days, least)
            options, note = tuned(options, tune, cell.seed, x[train], y, rows)
            decoder = DECODERS.get(options.decoder)(options, cell.seed)
        decoder.fit(x[train], y)
        fitted = clock.perf_counter()
        predicted, quantiles = decoder.predict_distribution(x[split.test], LEVELS)
        took = clock.perf_counter() - fitted
        lowest = 0.0 if cell.label == COUNT else -np.inf
        return _Predicted(
            np.maximum(predicted, lowest),
            None if quantiles is None else np.maximum(quantiles, lowest),
            fitted - began,
            took,
            [decoder.notes, note],
            device_of(getattr(options, "device", "cpu")),
        )


def _decoder_identity(options: Any) -> dict[str, Any]:
    """What decides a decoder's predictions: options, code and the bytes (not the place) of its weights."""
    path = DECODERS.get(options.decoder)(options, 0).weights_file
    return {
        "options": options.model_dump(mode="json", exclude={"weights_path"}),
        "version": DECODERS.info(options.decoder).version,
        "weights": file_sha256(path) if path is not None and path.is_file() else None,
    }
