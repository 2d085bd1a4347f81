"""MLflow tracking on a real SQLite database."""

import multiprocessing
import os
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from slipbench.datasets.errors import InputError
from slipbench.platform.patience import ASKING
from slipbench.platform.tracking import Record, Tracker
from slipbench.platform.tracking_check import check


def _uri(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture
def tracker(tmp_path: Path, migrated: bytes) -> Tracker:
    (tmp_path / "mlflow.db").write_bytes(migrated)
    return Tracker(_uri(tmp_path), tmp_path / "artifacts")


PARENT = Record("suite-1", "demo", tags={"slipbench.suite_hash": "abc"}, params={"a.b": 3})


def _cells(n: int) -> list[Record]:
    return [
        Record(
            f"cell-{i}",
            f"model {i}",
            tags={"seed": str(i), "status": "ok", "reason": "x" * 9000},
            params={"modality": "img"},
            metrics={"mae": 0.1 * i, "mae_low": 0.0, "broken": float("nan")},
            curves={"train_loss": [(0, 1.0), (1, 0.5)]},
        )
        for i in range(n)
    ]


def _children(tracker: Tracker, parent: str) -> list:
    return [r for r in tracker.runs("demo") if r.data.tags.get("mlflow.parentRunId") == parent]


def test_every_cell_becomes_one_child_with_its_values(tracker: Tracker, tmp_path: Path) -> None:
    picture = tmp_path / "figure.svg"
    picture.write_text("<svg/>")
    parent, written = tracker.log_suite(PARENT, _cells(3), [picture])
    children = {r.data.tags["slipbench.id"]: r for r in _children(tracker, parent)}
    assert written == 3
    assert sorted(children) == ["cell-0", "cell-1", "cell-2"]
    one = children["cell-2"]
    assert one.data.metrics["mae"] == pytest.approx(0.2)
    assert "broken" not in one.data.metrics
    assert one.data.metrics["train_loss"] == 0.5
    assert one.data.params == {"modality": "img"}
    assert one.data.tags["seed"] == "2"
    assert one.info.status == "FINISHED"
    assert (tmp_path / "artifacts" / "demo" / parent / "artifacts" / "figure.svg").exists()


def test_logging_again_writes_nothing_and_more_cells_only_the_new_ones(tracker: Tracker) -> None:
    first, _ = tracker.log_suite(PARENT, _cells(2))
    again, written = tracker.log_suite(PARENT, _cells(2))
    assert (again, written) == (first, 0)
    parent, written = tracker.log_suite(PARENT, _cells(4))
    assert (parent, written) == (first, 2)
    assert len(_children(tracker, parent)) == 4


def test_a_run_whose_writing_was_cut_off_is_written_anew(tracker: Tracker) -> None:
    parent, _ = tracker.log_suite(PARENT, _cells(2))
    victim = _children(tracker, parent)[0]
    tracker._client.delete_tag(victim.info.run_id, "slipbench.logged")
    _, written = tracker.log_suite(PARENT, _cells(2))
    left = _children(tracker, parent)
    assert written == 1
    assert sorted(r.data.tags["slipbench.id"] for r in left) == ["cell-0", "cell-1"]
    assert victim.info.run_id not in {r.info.run_id for r in left}


def test_a_changed_result_replaces_its_run(tracker: Tracker) -> None:
    parent, _ = tracker.log_suite(PARENT, _cells(1))
    changed = Record("cell-0", "model 0", tags={"status": "failed"}, status="FAILED")
    tracker.log_suite(PARENT, [changed])
    (only,) = _children(tracker, parent)
    assert only.info.status == "FAILED"
    assert only.data.tags["status"] == "failed"


def test_trials_stand_below_their_fit(tracker: Tracker) -> None:
    fit = Record("fit-net", "fit net", children=[Record("trial-0", "trial 0", metrics={"loss": 1.0})])
    parent, written = tracker.log_suite(PARENT, [fit])
    (run,) = _children(tracker, parent)
    (trial,) = _children(tracker, run.info.run_id)
    assert written == 2
    assert trial.data.metrics == {"loss": 1.0}


def test_more_params_and_metrics_than_one_call_takes(tracker: Tracker) -> None:
    big = Record(
        "cell-0",
        "big",
        params={f"p{i}": i for i in range(250)},
        curves={"loss": [(i, 1.0 / (i + 1)) for i in range(2500)]},
    )
    parent, _ = tracker.log_suite(PARENT, [big])
    (run,) = _children(tracker, parent)
    assert len(run.data.params) == 250
    assert len(tracker._client.get_metric_history(run.info.run_id, "loss")) == 2500


def _check_and_log(folder: Path, number: int) -> None:
    check(_uri(folder))
    Tracker(_uri(folder), folder / "artifacts").log_suite(
        Record(f"suite-{number}", f"demo{number}"), _cells(3)
    )


@pytest.mark.timeout(240)
def test_drivers_that_start_together_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    drivers = [context.Process(target=_check_and_log, args=(tmp_path, n)) for n in range(2)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join()
    assert [d.exitcode for d in drivers] == [0, 0]
    tracker = Tracker(_uri(tmp_path), tmp_path / "artifacts")
    assert [len(tracker.runs(f"demo{n}")) for n in range(2)] == [4, 4]


def test_a_database_of_an_older_mlflow_is_migrated_and_a_copy_kept(tmp_path: Path) -> None:
    import sqlalchemy
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    engine = sqlalchemy.create_engine(_uri(tmp_path))
    Base.metadata.create_all(engine)
    engine.dispose()
    config = _get_alembic_config(_uri(tmp_path))
    older = ScriptDirectory.from_config(config).get_revision("head").down_revision
    command.upgrade(config, older)
    check(_uri(tmp_path))
    assert (tmp_path / f"mlflow.db.{older}.bak").exists()
    Tracker(_uri(tmp_path), tmp_path / "artifacts").log_suite(PARENT, _cells(1))


def test_a_database_of_a_newer_mlflow_is_refused(tmp_path: Path, migrated: bytes) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(migrated)
    with sqlite3.connect(path) as database:
        database.execute("update alembic_version set version_num = 'ffffffffffff'")
    with pytest.raises(InputError, match="has schema ffffffffffff"):
        check(_uri(tmp_path))


def test_a_server_that_accepts_and_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ASKING, "MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        started = time.monotonic()
        with pytest.raises(InputError, match="does not answer"):
            check(f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("http://127.0.0.1:9", "does not answer"),
        ("nonsense://x", "does not answer"),
        ("http://no-such-host.invalid:5000", "does not answer"),
    ],
)
def test_a_server_that_does_not_answer_is_told_in_seconds(uri: str, word: str) -> None:
    started = time.monotonic()
    with pytest.raises(InputError, match=word) as caught:
        check(uri)
    assert time.monotonic() - started < 20
    assert "\n" not in str(caught.value)
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("hello, this is no database at all, only some text")
    with pytest.raises(InputError, match="not an SQLite database"):
        check(_uri(tmp_path))
