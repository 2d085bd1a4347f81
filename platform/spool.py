"""What MLflow is to get, kept on disk until it has it: a server that is away costs no row and no run."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slipbench.benchmarks.run import reason_of
from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash
from slipbench.platform.patience import SENDING, patience
from slipbench.platform.refusal import refusal
from slipbench.platform.registration import Registration
from slipbench.platform.settings import Settings, hidden
from slipbench.platform.stages import Report
from slipbench.platform.stop import raise_if_asked
from slipbench.platform.tracking import Record, Tracker
from slipbench.platform.tracking_check import check


def track(
    place: Settings,
    report: Report,
    parent: Record,
    records: Iterable[Record],
    files: Sequence[Path] = (),
    model: Registration | None = None,
) -> str:
    """Keep a suite's records on disk, send them with all that still waits, and forget what has arrived.

    Sending is idempotent (`Tracker.log_suite`), so whatever was cut off half way is sent again.

    Parameters
    ----------
    place : Settings
        Tracking server, and the home where records wait (``spool``).
    report : Report
        Where to tell what was sent or has to wait.
    parent, records, files
        As for `Tracker.log_suite`.
    model : Registration, optional
        Network to register.

    Returns
    -------
    str
        Run of the parent; empty where the server did not take it.
    """
    kept = _keep(place, parent, list(records), files, model)
    return _send_all(place, report).get(kept, "")


def replay(place: Settings, report: Report) -> int:
    """Send what waits.

    Returns
    -------
    int
        How many suites the server still did not take.
    """
    _send_all(place, report)
    return len(waiting(place))


def waiting(place: Settings) -> list[Path]:
    """Files of the suites that wait for the server."""
    return sorted((place.home / "spool").glob("*.json"))


def _send_all(place: Settings, report: Report) -> dict[Path, str]:
    """Send what waits; parent runs by file. A server that is away is waited for once, not for each file."""
    sent: dict[Path, str] = {}
    paths = waiting(place)
    for number, path in enumerate(paths, start=1):
        with patience(SENDING, theirs_first=True):
            sent[path] = _send(place, report, path)
        if not sent[path] and number < len(paths) and not _answers(place):
            report.fail("tracking", f"tracking: {len(paths) - number} more suites wait in {path.parent}")
            break
    return sent


def _answers(place: Settings) -> bool:
    try:
        check(place.tracking)
    except InputError:
        return False
    return True


def _keep(
    place: Settings,
    parent: Record,
    records: list[Record],
    files: Sequence[Path],
    model: Registration | None,
) -> Path:
    whole: dict[str, Any] = {"parent": _plain(parent), "records": [_plain(r) for r in records]}
    whole["files"] = [str(f) for f in files]
    whole["model"] = asdict(model) if model else None
    path = place.home / "spool" / f"{parent.name}-{config_hash(parent.id)[:12]}.json"
    write_atomic(path, json.dumps(whole).encode())
    return path


def _send(place: Settings, report: Report, path: Path) -> str:
    whole = json.loads(path.read_text())
    parent, records = _record(whole["parent"]), [_record(r) for r in whole["records"]]
    files = [Path(f) for f in whole["files"] if Path(f).is_file()]
    total = len(records) + sum(len(record.children) for record in records)
    tracker = Tracker(place.tracking, place.home / "artifacts")
    try:
        run_id, written = tracker.log_suite(parent, records, files)
        if model := whole.get("model"):
            _register(tracker, report, run_id, Registration(**model))
    except Exception as error:  # MLflow, its database and its artifact store each have their own families
        raise_if_asked()
        report.fail(
            "tracking",
            f"tracking {parent.name}: {total} runs wait in {path}, since {hidden(place.tracking)} did not "
            f"take them ({refusal(error) or hidden(reason_of(error))}); 'slipbench track' sends them",
        )
        return ""
    path.unlink()
    report.say(f"tracking {parent.name}: {written} of {total} runs were new")
    return run_id


def _register(tracker: Tracker, report: Report, run_id: str, model: Registration) -> None:
    if not Path(model.folder).is_dir():
        report.fail("tracking", f"model {model.name}: not registered, since {model.folder} is gone")
        return
    done = tracker.register(run_id, model)
    was = "registered as" if done.new else "is already"
    report.say(f"model {model.name}: {model.tags['network']} {was} version {done.version}, {done.champion}")


def _plain(record: Record) -> dict[str, Any]:
    return asdict(record) | {
        "params": {k: str(v) for k, v in record.params.items()},
        "metrics": {k: float(v) for k, v in record.metrics.items()},
        "children": [_plain(child) for child in record.children],
    }


def _record(plain: dict[str, Any]) -> Record:
    return Record(**plain | {"children": [_record(child) for child in plain["children"]]})
