"""Whether the cluster that a command works on is still there. Ray would wait, and then kill the command."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from slipbench.platform.cluster_lost import ClusterLost
from slipbench.platform.knock import answers

#: Seconds without an answer after which a cluster counts as lost: less than the 60 s after which Ray ends the
#: process without a word, and more than a head with fault tolerance needs to start again.
LOST_SECONDS = 30.0
#: Seconds between two looks, and the most that one may take.
LOOK_SECONDS = 2.0


class ClusterWatch:
    """Knocks at parts of a cluster, in a thread of its own; a context manager.

    Parameters
    ----------
    where : str
        The cluster, as the user named it.
    parts : mapping
        ``HOST:PORT`` of each part that the command cannot do without, by what it is called.
    lost_seconds, look_seconds : float
        See `LOST_SECONDS` and `LOOK_SECONDS`.
    """

    def __init__(
        self,
        where: str,
        parts: Mapping[str, str],
        lost_seconds: float = LOST_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._where, self._parts = where, parts
        self._lost_seconds, self._look_seconds = lost_seconds, look_seconds
        self._seen = dict.fromkeys(parts, time.monotonic())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "ClusterWatch":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(self._look_seconds):
            for part in self._parts:
                if self._answers(part):
                    self._seen[part] = time.monotonic()

    def _answers(self, part: str) -> bool:
        return answers(self._parts[part], self._look_seconds)

    def lost(self) -> ClusterLost | None:
        """What has not answered for too long, as an error to raise; else None."""
        silent = {part: time.monotonic() - seen for part, seen in self._seen.items()}
        part = max(silent, key=silent.__getitem__)
        if silent[part] < self._lost_seconds:
            return None
        return ClusterLost(self._where, f"its {part} has not answered for {silent[part]:.0f} s")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise an error that comes because the cluster is gone as `ClusterLost`."""
        try:
            yield
        except ClusterLost:
            raise
        except Exception as error:
            for part in self._parts:
                if not self._answers(part):
                    raise ClusterLost(self._where, f"its {part} is gone") from error
            raise
