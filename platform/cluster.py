"""Where the stages of a run are computed: what a configuration of a cluster means, opened and closed."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.pools import Pool, on_dask, threads
from slipbench.platform.cluster_lost import ClusterLost
from slipbench.platform.config.cluster import (
    STAGES,
    AnyCluster,
    Dask,
    Kubernetes,
    Local,
    Ray,
    Stages,
)
from slipbench.platform.nodes import Nodes

if TYPE_CHECKING:
    from slipbench.benchmarks.run import Executor
    from slipbench.trainers.training import Launch

CONNECT_SECONDS = 5
#: Address of a Ray cluster that means a Ray started on this machine for as long as needed.
HERE = "here"


@dataclass(frozen=True)
class Cluster:
    """Where each stage is computed, while the context of `join` is open.

    Parameters
    ----------
    pool : Pool
        Computes the shards of stores.
    stages : Stages
        What tasks take.
    nodes : Nodes or None
        Machines of the Ray cluster that this process has joined; None without one.
    own : bool
        Whether that is a Ray of this machine's own.
    """

    pool: Pool = threads
    stages: Stages = STAGES
    nodes: Nodes | None = None
    own: bool = True

    def launch(self) -> "Launch":
        """Where fits run."""
        if self.nodes is None or self.own:
            from slipbench.trainers.devices import HERE as PROCESS

            return PROCESS
        from slipbench.platform.ray_train import OnRay

        return OnRay(self.nodes, self.stages.fit)

    def executor(self) -> "Executor":
        """Where cells are computed."""
        if self.nodes is None:
            from slipbench.benchmarks.run import HERE as PROCESS

            return PROCESS
        from slipbench.platform.ray_cells import ray_cells

        return ray_cells(self.nodes, self.stages.cell)


#: This process alone.
ALONE = Cluster()


@contextmanager
def join(options: AnyCluster) -> Iterator[Cluster]:
    """Open what a configuration names, for as long as the context lasts.

    Raises
    ------
    InputError
        When nobody answers there, a request finds no room, or it is a cluster that only takes submissions.
    ClusterLost
        When it goes away before the end.
    """
    if isinstance(options, Kubernetes):
        raise InputError(
            "cluster: kubernetes",
            "runs what is submitted to it",
            "cluster local, dask or ray for a run from here",
            "hand it over with 'slipbench submit'",
        )
    if isinstance(options, Ray):
        from slipbench.platform.nodes import wanted
        from slipbench.platform.ray_session import ray_session
        from slipbench.platform.ray_shards import on_ray

        own = options.address == HERE
        with ray_session("" if own else options.address) as nodes:
            shard = wanted(options.stages.build)
            nodes.check("stages.build", shard)
            yield Cluster(on_ray(nodes, shard), options.stages, nodes, own)
        return
    with _dask(options) as pool:
        yield Cluster(pool)


@contextmanager
def _dask(options: Local | Dask) -> Iterator[Pool]:
    import dask

    workers = options.workers if isinstance(options, Local) else None
    if isinstance(options, Local) and (workers is None or workers == 1):
        with dask.config.set({"num_workers": 1} if workers else {}):
            yield threads
        return
    from distributed import Client, LocalCluster
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    # Dask replaces a worker that died; its traces of the lost connections tell a user nothing, and what
    # goes wrong in a shard arrives as an exception. Each of these loggers has a level of its own.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if isinstance(options, Dask):
        with _client(options.scheduler) as client:
            try:
                yield on_dask(client)
            except (CommClosedError, FutureCancelledError) as error:  # nobody here cancels
                raise ClusterLost(f"scheduler {options.scheduler}", "is gone") from error
        return
    with _only_here():
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
    with cluster, Client(cluster) as client:
        yield on_dask(client)


def _client(scheduler: str) -> Any:
    from distributed import Client

    try:
        return Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"scheduler {scheduler}", "does not answer", "a running Dask scheduler", "check the address"
        ) from error


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
