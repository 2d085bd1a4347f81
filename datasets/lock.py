"""One process at a time in a folder; the operating system frees the lock when the process dies.

The file tells who holds it. Object stores have no locks: there nobody is kept out.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import is_local
from slipbench.datasets.process import is_running, this_process


@contextmanager
def exclusive(lock: Path, where: object, work: str, wait: bool = False) -> Iterator[None]:
    """Hold the file `lock` (made, with its folder, where it is missing or goes while others hold it).

    Parameters
    ----------
    lock : Path
        Lock file.
    where, work : object, str
        For the message: the folder that is worked on, and what is done there, such as ``build``.
    wait : bool
        Whether to wait for another process that holds it.

    Raises
    ------
    InputError
        When another process holds it, unless `wait`.
    """
    if not is_local(lock):
        yield
        return
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            held = lock.open("a+")
        except FileNotFoundError:  # the holder took the folder away meanwhile
            continue
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError as error:
                found = f"another {work} is writing here{_who(lock)}"
                raise InputError(where, found, f"one {work} at a time", "wait for it") from error
            if not _is(held, lock):
                continue
            held.truncate(0)
            held.write(json.dumps(this_process() | {"since": time.time()}))
            held.flush()
            try:
                yield
            finally:
                held.truncate(0)
            return


def holder(lock: Path) -> dict[str, Any] | None:
    """Who holds a lock: `this_process` of it and ``since`` (seconds since 1970); None where nobody is known.

    The lock is not touched, so nobody is kept out by the question.
    """
    try:
        found = json.loads(lock.read_text())
    except (OSError, ValueError):  # not there, nobody's, or being written
        return None
    known = isinstance(found, dict) and isinstance(found.get("since"), float)
    return found if known and is_running(found) is not False else None


def _who(lock: Path) -> str:
    found = holder(lock)
    if not found:
        return ""
    since = time.strftime("%H:%M:%S", time.localtime(found.get("since")))
    return f" (process {found.get('pid')} on {found.get('host')}, since {since})"


def _is(held: TextIO, lock: Path) -> bool:
    """Whether the open file still has that name: a lock on one that was deleted keeps nobody out."""
    try:
        return os.path.samestat(os.fstat(held.fileno()), lock.stat())
    except FileNotFoundError:
        return False
