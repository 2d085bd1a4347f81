"""Whether the tracking server answers, asked before anything starts; a local database is migrated here."""

import fcntl
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.platform.patience import ASKING, patience
from slipbench.platform.refusal import FORBIDDEN, UNKNOWN_USER, refusal
from slipbench.platform.settings import hidden


def check(uri: str, experiments: Sequence[str] = ()) -> None:
    """Reach the tracking server, or create and migrate the SQLite database, once and alone.

    Parameters
    ----------
    uri : str
        MLflow tracking URI.
    experiments : sequence of str
        What will be written to. On a server they are created where they are not there yet, and marked with
        the version of this code: users may be forbidden to.

    Raises
    ------
    InputError
        When it does not answer within seconds, or cannot be used by this user.
    """
    if uri.startswith("sqlite:///"):
        path = Path(uri.removeprefix("sqlite:///"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path):
                _migrate(uri, path)
                _ask(uri)
        except OSError as error:
            raise InputError(
                f"tracking {hidden(uri)}",
                f"not writable ({error.strerror})",
                "a writable folder",
                "set SLIPBENCH_HOME",
            ) from error
        return
    with patience(ASKING):
        _ask(uri)
        for name in experiments:
            _claim(uri, name)


def _ask(uri: str) -> None:
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # after the import, which sets its own level
        logging.getLogger(name).setLevel(logging.ERROR)

    try:
        MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
    except Exception as error:  # MLflow, SQLAlchemy and requests each have their own families
        raise _unusable(uri, error) from error


def _claim(uri: str, experiment: str) -> None:
    from slipbench.platform.tracking import Tracker

    try:
        Tracker(uri, Path()).claim(experiment)
    except Exception as error:
        if refusal(error) == FORBIDDEN:
            raise InputError(
                f"tracking {hidden(uri)}",
                f"this user may not write to experiment {experiment}",
                "the permission EDIT or MANAGE on it",
                "ask the server's administrator (docs/tracking.md)",
            ) from error
        raise _unusable(uri, error) from error


def _unusable(uri: str, error: Exception) -> InputError:
    if refusal(error) == UNKNOWN_USER:
        return InputError(
            f"tracking {hidden(uri)}",
            UNKNOWN_USER,
            "a user of this server",
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    reason = hidden(" ".join(str(error).split())[:160])
    return InputError(
        f"tracking {hidden(uri)}",
        f"does not answer ({reason})",
        "an MLflow server or database",
        "start it, or unset SLIPBENCH_TRACKING and MLFLOW_TRACKING_URI",
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One driver at a time: several that open a fresh SQLite file together destroy it."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(uri: str, path: Path) -> None:
    """Bring the database of an older MLflow to this one's schema; a copy of it is kept beside."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with sqlite3.connect(path) as database:
            tables = {r[0] for r in database.execute("select name from sqlite_master where type = 'table'")}
            row = (
                database.execute("select version_num from alembic_version").fetchone()
                if "alembic_version" in tables
                else None
            )
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"tracking {hidden(uri)}", "not an SQLite database", "a database of MLflow", "move the file away"
        ) from error
    import sqlalchemy
    from mlflow.store.db.utils import _get_latest_schema_revision, _upgrade_db

    if row is None or row[0] == _get_latest_schema_revision():
        return
    with sqlite3.connect(path) as old, sqlite3.connect(path.with_name(f"{path.name}.{row[0]}.bak")) as copy:
        old.backup(copy)
    engine = sqlalchemy.create_engine(uri)
    try:
        _upgrade_db(engine)
    except Exception as error:  # an MLflow newer than this one wrote it
        raise InputError(
            f"tracking {hidden(uri)}",
            f"has schema {row[0]}, unknown here",
            "this MLflow's or an older schema",
            "install the newer MLflow or name another database",
        ) from error
    finally:
        engine.dispose()
