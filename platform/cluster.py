"""Where a build's shards are computed: this process's threads, local processes or a running cluster."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from slipbench.datasets.errors import InputError

CONNECT_SECONDS = 5


@contextmanager
def dask_client(workers: int | None = None, scheduler: str | None = None) -> Iterator[Any]:
    """A Dask client, or None for the threads of this process.

    Parameters
    ----------
    workers : int, optional
        Local worker processes, one thread each; 1 computes in one thread without a cluster, None in as
        many threads as there are cores.
    scheduler : str, optional
        Address of a running Dask scheduler; wins over `workers`.

    Raises
    ------
    InputError
        When the scheduler does not answer.
    """
    import dask

    if scheduler is None and (workers is None or workers == 1):
        with dask.config.set({"num_workers": 1} if workers else {}):
            yield None
        return
    from distributed import Client, LocalCluster

    # Dask replaces a worker that died; its traces of the lost connections tell a user nothing, and what
    # goes wrong in a shard arrives as an exception.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"scheduler {scheduler}", "does not answer", "a running Dask scheduler", "check the address"
            ) from error
        with client:
            yield client
        return
    with _only_here():
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def _only_here() -> Iterator[None]:
    """Keep Ctrl-C, which a terminal sends to all processes, from threads and processes that start meanwhile.

    This process ends them in order; each would print a traceback of its own. A Ctrl-C meanwhile comes after.
    """
    resource_tracker.ensure_running()  # when a child starts it, it lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
