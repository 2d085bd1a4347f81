"""MLflow: one parent run per suite, a child run per cell, fit and trial. The driver of a suite writes them.

Everything is idempotent. A run is known by the tag ``slipbench.id``; its content's hash is the last thing
written to it (``slipbench.logged``), so a run without it was interrupted and is written anew. MLflow has no
unique keys: when two homes log one suite at the same time, whoever looks last keeps the run with the smallest
id of each kind, whoever wrote it, and deletes the others. Runs that another home is still writing are left
alone (``slipbench.writer``).
"""

import logging
import math
import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException

from slipbench.datasets.hashing import config_hash
from slipbench.platform import model_registry
from slipbench.platform.explanation import NOTE, experiment_note
from slipbench.platform.registration import Registration
from slipbench.platform.versions import code_version

# two lines on the standard output for every run that ends
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
logging.getLogger("mlflow").setLevel(logging.ERROR)
logging.getLogger("alembic").setLevel(logging.ERROR)

#: MLflow's limits of params, of tags, and of all with metrics (1000) in one call.
_BATCH, _METRICS = 100, 800
_PARAM_CHARACTERS = 6000
_TAG_CHARACTERS = 5000
#: How often a suite is begun anew because another home has deleted runs of it as its own doubles.
_TRIES = 10
_LOGGED, _WRITER = "slipbench.logged", "slipbench.writer"


#: Step and value of a curve, and, where it was noted, when: seconds since 1970.
Point = tuple[int, float] | tuple[int, float, float]


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
    curves: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    status: str = "FINISHED"
    children: "Sequence[Record]" = ()

    @property
    def digest(self) -> str:
        """Hash of everything that is logged."""
        metrics = {k: repr(float(v)) for k, v in self.metrics.items()}
        curves = {k: [[int(p[0]), repr(float(p[1]))] for p in points] for k, points in self.curves.items()}
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
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._writer = config_hash([socket.gethostname(), str(artifacts.absolute())])[:16]

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
        experiment, wanted, written = self._experiment(parent.name), list(records), 0
        if parent.tags.get("slipbench.kind") == "suite":
            self._explain(experiment)
        for _ in range(_TRIES):
            try:
                known = self._known(experiment)
                parent_id, _ = self._write(experiment, parent, None, known)
                if self._doubled(experiment, parent.id):
                    continue
                for record in wanted:
                    run_id, new = self._write(experiment, record, parent_id, known)
                    written += new
                    for child in record.children:
                        written += self._write(experiment, child, run_id, known)[1]
                self._forget(known, parent_id, {record.id for record in wanted})
                for path in files:
                    self._client.log_artifact(parent_id, str(path))
                if not self._doubled(experiment, parent.id):
                    return parent_id, written
            except MlflowException as error:
                if not _deleted(error):
                    raise
        raise RuntimeError(f"{parent.name} is logged by others at the same time, {_TRIES} times over")

    def claim(self, experiment: str) -> None:
        """Create an experiment where it is not there yet, and mark it with the version of this code.

        Raises
        ------
        MlflowException
            When it cannot be written to.
        """
        self._client.set_experiment_tag(
            self._experiment(experiment), "slipbench.code_version", code_version()
        )

    def register(self, run_id: str, model: Registration) -> model_registry.Registered:
        """Register a suite's network, see `model_registry.register`."""
        return model_registry.register(self._client, run_id, model)

    def _doubled(self, experiment: str, parent: str) -> bool:
        """Delete doubles and runs below none; whether the suite's own run had any, to be looked at again."""
        known = self._known(experiment)
        first, *others = sorted(known[None, parent], key=_run_id)
        gone = list(others)
        for (above, _), runs in known.items():
            if above == _run_id(first) and len(runs) > 1:
                gone += sorted((r for r in runs if _LOGGED in r.data.tags), key=_run_id)[1:]
                gone += [r for r in runs if self._own_and_unfinished(r)]
        every = [(above, run) for (above, _), runs in known.items() for run in runs]
        there = {_run_id(run) for _, run in every} - {_run_id(run) for run in gone}
        while lost := [run for above, run in every if above and above not in there and _run_id(run) in there]:
            there -= {_run_id(run) for run in lost}
            gone += lost
        self._delete(gone)
        return bool(others)

    def _own_and_unfinished(self, run: Run) -> bool:
        return _LOGGED not in run.data.tags and run.data.tags.get(_WRITER, self._writer) == self._writer

    def _delete(self, runs: Iterable[Run]) -> None:
        for run in runs:
            try:
                self._client.delete_run(_run_id(run))
            except MlflowException as error:  # another home was faster
                if not _deleted(error):
                    raise

    def _forget(self, known: dict, parent: str, wanted: set[str]) -> None:
        """Delete children that the suite no longer has, such as cells of an earlier code version."""
        for (above, name), runs in known.items():
            if above == parent and name not in wanted:
                self._delete(runs)

    def runs(self, experiment: str) -> list[Run]:
        """All runs of an experiment that are not deleted."""
        found = self._client.get_experiment_by_name(experiment)
        return self._search(found.experiment_id) if found else []

    def _experiment(self, name: str) -> str:
        found: Experiment | None = self._client.get_experiment_by_name(name)
        if found is None:
            local = "://" in self.uri and not self.uri.startswith("http")
            location = (self._artifacts / name).absolute().as_uri() if local else None
            try:
                return self._client.create_experiment(name, artifact_location=location)
            except MlflowException:  # made by another home since
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return found.experiment_id

    def _explain(self, experiment: str) -> None:
        """Describe an experiment that nobody has described yet."""
        if NOTE not in self._client.get_experiment(experiment).tags:
            self._client.set_experiment_tag(experiment, NOTE, experiment_note(experiment))

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
        same = sorted(known.get((parent, record.id), []), key=_run_id)
        whole = [run for run in same if run.data.tags.get(_LOGGED) == record.digest]
        keep = next(iter(whole or (same if parent is None else ())), None)
        if parent is not None:  # of another content, or of an attempt of ours that was cut off
            old = (run for run in same if _LOGGED in run.data.tags or self._own_and_unfinished(run))
            self._delete(run for run in old if run is not keep)
        if keep is not None and whole:
            return keep.info.run_id, False
        tags = {"slipbench.id": record.id, _WRITER: self._writer}
        tags |= {"mlflow.parentRunId": parent} if parent else {}
        run = keep or self._client.create_run(experiment, tags=tags, run_name=record.name)
        self._fill(run.info.run_id, record)
        return run.info.run_id, True

    def _fill(self, run_id: str, record: Record) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(k, float(v), now, 0) for k, v in record.metrics.items() if math.isfinite(v)]
        metrics += [
            Metric(name, float(value), int(at[0] * 1000) if at else now, int(step))
            for name, points in record.curves.items()
            for step, value, *at in points
            if math.isfinite(value)
        ]
        params = [Param(k, str(v)[:_PARAM_CHARACTERS]) for k, v in record.params.items()]
        tags = [RunTag(k, str(v)[:_TAG_CHARACTERS]) for k, v in record.tags.items()]
        while metrics or params or tags:
            self._client.log_batch(
                run_id, metrics=metrics[:_METRICS], params=params[:_BATCH], tags=tags[:_BATCH]
            )
            metrics, params, tags = metrics[_METRICS:], params[_BATCH:], tags[_BATCH:]
        self._client.set_terminated(run_id, record.status)
        self._client.set_tag(run_id, _LOGGED, record.digest)


def _run_id(run: Run) -> str:
    return str(run.info.run_id)


def _deleted(error: MlflowException) -> bool:
    """Whether a call failed since the run has been deleted meanwhile."""
    return "must be in the 'active' state" in str(error)
