"""A results table of a nowcast suite with made predictions on a smoothed series, split by the real code."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.stats import norm

from slipbench.benchmarks.quantiles import LEVELS, quantile_outcomes
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.splits import COUNT, LEAKY, SPLITTERS, embargo_days

HEADER = {
    "suite": "toy_nowcast",
    "task": "nowcast",
    "dataset": "made",
    "dataset_hash": "0" * 64,
    "code_version": "1",
}
BANDWIDTH = 60.0
ATTRS: dict[str, Any] = {
    "feature_window_days": 128,
    "label_lead_days": 1,
    "label_horizon_days": 128,
    "bandwidth_days": BANDWIDTH,
    "causal_bandwidth_days": BANDWIDTH,
}
FIRST = 14245.0
#: Errors of the decoders in standard deviations of the label: with neighbours in training, and without.
DECODERS = {"ridge": (0.6, 1.1), "random_forest": (0.1, 1.0), "lightgbm": (0.15, 1.05), "pfn": (0.05, 0.9)}


def made_label(days: int, label: str) -> np.ndarray:
    """A smoothed series, as a daily density or a number of events."""
    rng = np.random.default_rng(7)
    smooth = gaussian_filter1d(rng.standard_normal(days + 600), BANDWIDTH)[300:-300]
    smooth = smooth / smooth.std()
    return np.round(90 * np.exp(0.3 * smooth)) if label == COUNT else 3e-4 * (1 + 0.25 * smooth)


def made_table(
    folder: Path,
    days: int = 2600,
    labels: tuple[str, ...] = ("two_sided", COUNT),
    seeds: int = 3,
    context: list[Outcome] | None = None,
) -> pd.DataFrame:
    """Every decoder and baseline on three splits; ``pfn`` predicts distributions."""
    folder.mkdir(parents=True, exist_ok=True)
    time = FIRST + np.arange(days)
    paths = []

    def write(cell: Cell, result: CellResult) -> None:
        paths.append(folder / f"{len(paths):04d}.parquet")
        write_cell(paths[-1], HEADER, cell, result)

    if context is not None:
        write(Cell("samples", "context", "-", "-", "-", 0, False, "h"), CellResult(context))
    for split in SPLITTERS:
        for label in labels:
            y = made_label(days, label)
            for seed in range(seeds):
                parts = SPLITTERS[split](time, ATTRS, seed, 0.3, 50)
                for k, (model, modality, predicted, quantiles) in enumerate(
                    _models(y, time, parts.train, parts.test, split, seed)
                ):
                    test = parts.test
                    point = Outcome(
                        "events" if label == COUNT else "density",
                        "1" if label == COUNT else "per day",
                        test.tolist(),
                        time[test].tolist(),
                        y[test].tolist(),
                        predicted.tolist(),
                    )
                    more = [] if quantiles is None else quantile_outcomes(point, quantiles)
                    result = CellResult(
                        [point, *more],
                        n_train=len(parts.train),
                        fit_seconds=1.0 + k,
                        predict_seconds=0.1,
                        peak_mib=500.0,
                        block_days=3 * BANDWIDTH,
                        notes=f"embargo {embargo_days(ATTRS):.0f} d" if split == "blocked" else "",
                    )
                    kind = "baseline" if modality == "-" else "decoder"
                    write(Cell(model, kind, modality, label, split, seed, split in LEAKY, "h"), result)
    return read_table(paths)


def _models(
    y: np.ndarray, time: np.ndarray, train: np.ndarray, test: np.ndarray, split: str, seed: int
) -> Any:
    spread = y.std()
    yield "mean", "-", np.full(len(test), y[train].mean()), None
    before = np.searchsorted(train, test) - 1
    yield "persistence", "-", y[train[np.maximum(before, 0)]], None
    near = np.interp(time[test], time[train], y[train])
    yield "day_number", "-", near, None
    for number, (model, errors) in enumerate(DECODERS.items()):
        for column, modality in enumerate(("gnss", "ab", "both")):
            rng = np.random.default_rng([seed, number, column])
            size = errors[0 if split in LEAKY else 1] * (1.2 - 0.1 * column) * spread
            drift = gaussian_filter1d(rng.standard_normal(len(test) + 600), 40)[300:-300]
            wrong = size * drift / drift.std()
            base = y[test] if split in LEAKY else y[train].mean() + 0.4 * (y[test] - y[test].mean())
            predicted = base + wrong
            quantiles = predicted[:, None] + 0.8 * size * norm.ppf(LEVELS) if model == "pfn" else None
            yield model, modality, predicted, quantiles
