"""What runs and what ran below a home, from small files that running commands leave; nothing is locked."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from slipbench.datasets.lock import holder
from slipbench.datasets.process import is_running
from slipbench.platform.live import HEARTBEAT_SECONDS, folder_of_status
from slipbench.platform.settings import Settings

#: A command on another machine that was not heard of for so long is taken for lost.
_LOST_SECONDS = 6 * HEARTBEAT_SECONDS


def read_status(place: Settings) -> dict[str, Any]:
    """Running and past commands, suites and fits of a home, the newest first.

    What is half written, of another program or gone meanwhile is left out or called unreadable; nothing is
    waited for. Times are seconds since 1970.

    Returns
    -------
    dict
        ``home``; ``holder``, the process that writes there, or None; ``running`` and ``past`` commands as
        `live.Live` writes them, with ``state`` (running; done, failed, stopped, or killed where the process
        is gone, lost where another machine's has not been heard of); ``suites`` and ``fits`` with their
        state; ``waiting``, the number of suites that wait for the tracking server.
    """
    commands = sorted(_commands(place.home), key=lambda c: -float(c["since"]))
    return {
        "home": str(place.home),
        "holder": holder(place.lock),
        "running": [c for c in commands if c["state"] == "running"],
        "past": [c for c in commands if c["state"] != "running"],
        "suites": _newest(_suite(f) for f in _folders(place.results)),
        "fits": _newest(_fit(f) for f in _folders(place.fits)),
        "waiting": len(list((place.home / "spool").glob("*.json"))),
    }


def _commands(home: Path) -> Iterator[dict[str, Any]]:
    for path in folder_of_status(home).glob("*.json"):
        found = _json(path)
        try:
            found["since"], found["heard"] = float(found["since"]), float(found["heard"])
            found["stages"] = [dict(stage) for stage in found["stages"]]
            found["state"] = _state(found)
        except (KeyError, TypeError, ValueError):
            continue
        yield found


def _state(found: Mapping[str, Any]) -> str:
    if found["state"] != "running":
        return str(found["state"])
    running = is_running(found["process"])
    if running is None:
        return "running" if time.time() - found["heard"] < _LOST_SECONDS else "lost"
    return "running" if running else "killed"


def _suite(folder: Path) -> dict[str, Any]:
    """A suite's folder: how many cells are there, and whether its table is."""
    table, cells = folder / "results.parquet", list((folder / "cells").glob("*.parquet"))
    state, failed = "unfinished", 0
    if table.exists():
        state = "finished"
        try:
            failed = _failed(table)
        except Exception:  # whatever Arrow makes of a file that is no table
            state = "unreadable"
    return {"suite": folder.name, "state": state, "cells": len(cells), "failed": failed, "at": _at(folder)}


def _failed(table: Path) -> int:
    import pyarrow.parquet as pq

    rows = pq.read_table(table, columns=["cell", "status"]).to_pydict()
    return len({c for c, status in zip(rows["cell"], rows["status"], strict=True) if status == "failed"})


def _fit(folder: Path) -> dict[str, Any]:
    """A fit's or search's folder."""
    if "-search-" in folder.name:
        trials = _json(folder / "tune.json").get("trials")
        state = {"state": "unfinished"} if trials is None else {"state": "finished", "trials": len(trials)}
        return {"fit": folder.name, **state, "at": _at(folder)}
    record = _json(folder / "fit.json")
    result = record.get("result") or {}
    names = ("epochs", "best_epoch", "steps", "validation_loss", "loss", "seconds")
    known = {name: result[name] for name in names if name in result} if isinstance(result, dict) else {}
    state_of = "finished" if result else "unfinished" if record else "unreadable"
    return {"fit": folder.name, "state": state_of, **known, "at": _at(folder)}


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _folders(parent: Path) -> list[Path]:
    return [f for f in parent.glob("*") if f.is_dir() and not f.name.startswith(".")]


def _at(folder: Path) -> float:
    """When something in a folder was last made."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _newest(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda one: -one["at"])
