"""What is tracked of a suite: its results table, fits and searches turned into records of runs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from slipbench.benchmarks.results import models_of
from slipbench.benchmarks.scores import finished_cells, model_scores
from slipbench.benchmarks.suites.base import Suite
from slipbench.datasets.hashing import canonical_json
from slipbench.platform.explanation import NOTE, cell_note
from slipbench.platform.machine_use import read_use
from slipbench.platform.stages import Fitted
from slipbench.platform.tracking import Point, Record
from slipbench.platform.tune import Trial
from slipbench.platform.versions import code_version

_CELL_TAGS = (
    "suite", "task", "dataset", "dataset_hash", "config_hash", "model", "kind", "modality", "label", "split",
    "leaky", "seed", "status", "reason", "notes", "device", "code_version",
)  # fmt: skip


def flat(options: Any) -> dict[str, str]:
    """Options as dotted keys with text values; lists stay JSON."""
    found: dict[str, str] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            found[prefix] = value if isinstance(value, str) else canonical_json(value)

    walk("", options.model_dump(mode="json"))
    return found


def suite_record(suite: Suite, suite_hash: str, dataset_hash: str) -> Record:
    """The parent run of a suite."""
    options = suite.options
    tags = suite.tags() | {
        "slipbench.kind": "suite",
        "slipbench.suite_hash": suite_hash,
        "suite": options.suite,
        "dataset_hash": dataset_hash,
        "code_version": code_version(),
    }
    return Record(f"suite-{suite_hash}", options.name, tags=tags, params=flat(options))


def cell_records(table: pd.DataFrame) -> Iterator[Record]:
    """A record for every model's cell of a results table, with every metric and its 95 % interval."""
    scores = {str(c["cell"].iloc[0]): model_scores([(c, s)]) for c, s in finished_cells(table)}
    for cell, rows in models_of(table).groupby("cell", sort=False):
        first = rows.iloc[0]
        tags = {name: str(first[name]) for name in _CELL_TAGS if str(first[name])}
        metrics = {
            "n_train": float(first["n_train"]),
            "fit_seconds": float(first["fit_seconds"]),
            "predict_seconds": float(first["predict_seconds"]),
            "peak_mib": float(first["peak_mib"]),
        }
        found = scores.get(str(cell), [])
        if found:
            tags[NOTE] = cell_note(found)
        for score in found:
            name = score.metric.name
            metrics |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
        parts = (first["model"], first["modality"], first["label"], first["split"], f"seed {first['seed']}")
        yield Record(
            f"cell-{cell}",
            " ".join(str(p) for p in parts if p != "-"),
            tags={"slipbench.kind": "cell", "slipbench.cell": str(cell), **tags},
            params={n: str(first[n]) for n in ("model", "modality", "label", "split", "leaky", "seed")},
            metrics=metrics,
            status="FAILED" if first["status"] == "failed" else "FINISHED",
        )


def fit_record(name: str, fitted: Fitted, dataset_hash: str) -> Record:
    """A fit with its loss curves, and the trials of its search below it."""
    tags = {
        "slipbench.kind": "fit",
        "dataset_hash": dataset_hash,
        "code_version": code_version(),
        "seed": str(fitted.options.seed),
        "status": "ok" if fitted.fit else "failed",
        "reason": fitted.reason,
    }
    metrics: dict[str, float] = {}
    curves: dict[str, Sequence[Point]] = {}
    if fitted.fit:
        fit = fitted.fit
        # checkpoints stay where they are: tracking servers are no place for large files
        tags |= {"checkpoint": fit.checkpoint.absolute().as_uri(), "checkpoint_sha256": fit.sha256}
        metrics = {
            "best_validation_loss": fit.validation_loss,
            "best_epoch": fit.best_epoch,
            "epochs": fit.epochs,
            "parameters": fit.parameters,
            "seconds": fit.seconds,
            "mean_samples_per_second": fit.samples_per_second,
        }
        for key in sorted({key for e in fit.history for key in e} - {"epoch", "seconds"}):
            curves[key] = [(e["epoch"], e[key]) for e in fit.history if key in e]
        curves |= read_use(fitted.folder)
    return Record(
        f"fit-{name}",
        f"fit {name}",
        tags={k: v for k, v in tags.items() if v},
        params=flat(fitted.options),
        metrics=metrics,
        curves=curves,
        status="FINISHED" if fitted.fit else "FAILED",
        children=[_trial(i, t) for i, t in enumerate(fitted.tuned.trials)] if fitted.tuned else (),
    )


def _trial(number: int, trial: Trial) -> Record:
    best = {} if trial.validation_loss is None else {"best_validation_loss": trial.validation_loss}
    tags = {"slipbench.kind": "trial", "status": "failed" if trial.error else "ok", "reason": trial.error}
    return Record(
        f"trial-{number}",
        f"trial {number}",
        tags={k: v for k, v in tags.items() if v},
        params={k: str(v) for k, v in trial.config.items()},
        metrics=best,
        curves={"validation_loss": list(enumerate(trial.losses, start=1))},
        status="FAILED" if trial.error else "FINISHED",
    )
