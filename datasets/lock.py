"""One process at a time in a folder; the operating system frees the lock when the process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipbench.datasets.errors import InputError


@contextmanager
def exclusive(lock: Path, where: object, work: str) -> Iterator[None]:
    """Hold the file `lock` (made, with its folder, where it is missing).

    Parameters
    ----------
    lock : Path
        Lock file.
    where, work : object, str
        For the message: the folder that is worked on, and what is done there, such as ``build``.

    Raises
    ------
    InputError
        When another process holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                where, f"another {work} is writing here", f"one {work} at a time", "wait for it"
            ) from error
        yield
