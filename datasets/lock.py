"""One process at a time in a folder; the operating system frees the lock when the process dies.

Object stores have no locks: there nobody is kept out.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import is_local


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
            held = lock.open("w")
        except FileNotFoundError:  # the holder took the folder away meanwhile
            continue
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError as error:
                raise InputError(
                    where, f"another {work} is writing here", f"one {work} at a time", "wait for it"
                ) from error
            if not _is(held, lock):
                continue
            yield
            return


def _is(held: TextIO, lock: Path) -> bool:
    """Whether the open file still has that name: a lock on one that was deleted keeps nobody out."""
    try:
        return os.path.samestat(os.fstat(held.fileno()), lock.stat())
    except FileNotFoundError:
        return False
