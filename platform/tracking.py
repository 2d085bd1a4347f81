"""MLflow: one parent run per suite, a child run per cell, fit and trial. The driver is the only writer.

Everything is idempotent. A run is known by the tag ``slipbench.id``; its content's hash is the last thing
written to it (``slipbench.logged``), so a run without it was interrupted and is written anew.
"""

import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag, ViewType

from slipbench.datasets.hashing import config_hash

logging.getLogger("mlflow").setLevel(logging.ERROR)
logging.getLogger("alembic").setLevel(logging.ERROR)

_BATCH = 100  # MLflow's limit of params and of tags in one call
_PARAM_CHARACTERS = 6000
_TAG_CHARACTERS = 5000


@dataclass(frozen=True)
class Record:
    """One child run.

    Parameters
    ----------
    id : str
        What it is within the parent, such as a cell's id; one run per id.
    name : str
        Name on MLflow's page.
    tags, params : mapping
        Text values.
    metrics : mapping
        Final values; non-finite ones are left out.
    curves : mapping
        Metric to its values by step (epoch).
    status : str
        ``FINISHED`` or ``FAILED``.
    children : sequence of Record
        Runs below this one, such as the trials of a search.
    """

    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    status: str = "FINISHED"
    children: "Sequence[Record]" = ()

    @property
    def digest(self) -> str:
        """Hash of everything that is logged."""
        metrics = {k: repr(float(v)) for k, v in self.metrics.items()}
        curves = {k: [[int(s), repr(float(v))] for s, v in points] for k, points in self.curves.items()}
        params = {k: str(v) for k, v in self.params.items()}
        return config_hash([self.name, dict(self.tags), params, metrics, curves, self.status])


class Tracker:
    """Writes suites to an MLflow server or database that `tracking_check.check` has found usable.

    Parameters
    ----------
    uri : str
        MLflow tracking URI.
    artifacts : Path
        Folder of artifacts, used where the database is local; a server has its own.
    """

    def __init__(self, uri: str, artifacts: Path) -> None:
        self.uri, self._artifacts = uri, artifacts
        self._client = MlflowClient(tracking_uri=uri)

    def log_suite(
        self, parent: Record, records: Iterable[Record], files: Sequence[Path] = ()
    ) -> tuple[str, int]:
        """Write what is missing of a suite.

        Parameters
        ----------
        parent : Record
            The suite; its name is also that of the experiment.
        records : iterable of Record
            Cells and fits.
        files : sequence of Path
            Artifacts of the parent run.

        Returns
        -------
        tuple
            Parent run id and the number of child runs written now.
        """
        experiment = self._experiment(parent.name)
        known = self._known(experiment)
        parent_id, _ = self._write(experiment, parent, None, known)
        written, wanted = 0, list(records)
        for record in wanted:
            run_id, new = self._write(experiment, record, parent_id, known)
            written += new
            for child in record.children:
                written += self._write(experiment, child, run_id, known)[1]
        self._forget(known, parent_id, {record.id for record in wanted})
        for path in files:
            self._client.log_artifact(parent_id, str(path))
        return parent_id, written

    def _forget(self, known: dict, parent: str, wanted: set[str]) -> None:
        """Delete children that the suite no longer has, such as cells of an earlier code version."""
        for (above, name), runs in known.items():
            if above == parent and name not in wanted:
                for run in runs:
                    self._client.delete_run(run.info.run_id)

    def runs(self, experiment: str) -> list[Run]:
        """All runs of an experiment that are not deleted."""
        found = self._client.get_experiment_by_name(experiment)
        return self._search(found.experiment_id) if found else []

    def _experiment(self, name: str) -> str:
        found: Experiment | None = self._client.get_experiment_by_name(name)
        if found is None:
            local = "://" in self.uri and not self.uri.startswith("http")
            location = (self._artifacts / name).absolute().as_uri() if local else None
            return self._client.create_experiment(name, artifact_location=location)
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return found.experiment_id

    def _search(self, experiment: str) -> list[Run]:
        runs: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs(
                [experiment], run_view_type=ViewType.ACTIVE_ONLY, max_results=1000, page_token=token
            )
            runs += page
            token = page.token
            if not token:
                return runs

    def _known(self, experiment: str) -> dict[tuple[str | None, str], list[Run]]:
        known: dict[tuple[str | None, str], list[Run]] = {}
        for run in self._search(experiment):
            tags = run.data.tags
            if "slipbench.id" in tags:
                key = (tags.get("mlflow.parentRunId"), tags["slipbench.id"])
                known.setdefault(key, []).append(run)
        return known

    def _write(self, experiment: str, record: Record, parent: str | None, known: dict) -> tuple[str, bool]:
        same, keep = known.get((parent, record.id), []), None
        for run in same:
            if keep is None and (run.data.tags.get("slipbench.logged") == record.digest or parent is None):
                keep = run
            else:
                self._client.delete_run(run.info.run_id)
        if keep is not None and keep.data.tags.get("slipbench.logged") == record.digest:
            return keep.info.run_id, False
        tags = {"slipbench.id": record.id} | ({"mlflow.parentRunId": parent} if parent else {})
        run = keep or self._client.create_run(experiment, tags=tags, run_name=record.name)
        self._fill(run.info.run_id, record)
        return run.info.run_id, True

    def _fill(self, run_id: str, record: Record) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(k, float(v), now, 0) for k, v in record.metrics.items() if math.isfinite(v)]
        metrics += [
            Metric(name, float(value), now, int(step))
            for name, points in record.curves.items()
            for step, value in points
            if math.isfinite(value)
        ]
        params = [Param(k, str(v)[:_PARAM_CHARACTERS]) for k, v in record.params.items()]
        tags = [RunTag(k, str(v)[:_TAG_CHARACTERS]) for k, v in record.tags.items()]
        for start in range(0, len(metrics), 1000):
            self._client.log_batch(run_id, metrics=metrics[start : start + 1000])
        for start in range(0, max(len(params), len(tags)), _BATCH):
            part = slice(start, start + _BATCH)
            self._client.log_batch(run_id, params=params[part], tags=tags[part])
        self._client.set_tag(run_id, "slipbench.logged", record.digest)
        self._client.set_terminated(run_id, record.status)
