"""Which process this is, so that another one, now or later, can tell whether it still runs."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROC = Path("/proc")


def this_process() -> dict[str, Any]:
    """``pid`` and ``host``, and what tells this process from a later one with the same number.

    ``began`` is its start in clock ticks since the machine's own (``boot``); ``namespace`` is where its
    number means something (containers count for themselves).
    """
    pid = os.getpid()
    return {"pid": pid, "host": socket.gethostname(), "began": _began(pid), **_where()}


def is_running(found: Mapping[str, Any]) -> bool | None:
    """Whether the process that `this_process` described still runs; None when it cannot be seen from here."""
    here = _where()
    if found.get("host") != socket.gethostname():
        return None
    if found.get("boot") != here["boot"]:
        return False  # the machine was started again since
    if found.get("namespace") != here["namespace"]:
        return None
    began = _began(found.get("pid"))
    return began is not None and began == found.get("began")


def _where() -> dict[str, str]:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return {"boot": boot, "namespace": os.readlink(_PROC / "self/ns/pid")}
    except OSError:
        return {"boot": "", "namespace": ""}


def _began(pid: Any) -> int | None:
    """Start of a process in clock ticks since boot (field 22 in proc(5)); None when there is no live one."""
    try:
        fields = (_PROC / str(int(pid)) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, TypeError, ValueError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
