"""Where a build's shards are computed: this process's threads, local processes or a running cluster."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
