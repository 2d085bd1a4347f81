"""Fits on several machines: one Ray Train worker for each device, with Lightning in each."""

import shutil
import socket
import time
from pathlib import Path
from typing import Any

from pytorch_lightning.plugins.environments import TorchElasticEnvironment
from pytorch_lightning.strategies import DDPStrategy

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.quiet import silence_dependencies
from slipbench.datasets.store.manifest import MANIFEST
from slipbench.platform.config.cluster import Request
from slipbench.platform.nodes import GPU, Nodes, wanted
from slipbench.platform.ray_session import explained, lost, raise_if_lost
from slipbench.platform.stop import raise_if_asked
from slipbench.trainers.keeper import Progress
from slipbench.trainers.messenger import messenger
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.quiet import reproducible, silent
from slipbench.trainers.record import RECORD
from slipbench.trainers.training import Training

#: Seconds between two looks at a running fit, and so of an answer to Ctrl-C.
POLL_SECONDS = 0.2


class OnRay:
    """The `Launch` of a Ray cluster that this process has joined: one Ray Train worker for each device.

    The folders must be on storage that all nodes see.

    Parameters
    ----------
    nodes : Nodes
        The cluster.
    request : Request
        What each worker takes, beside a GPU where it computes on one.
    """

    def __init__(self, nodes: Nodes, request: Request) -> None:
        self._nodes, self._request = nodes, request

    def kind(self, options: TrainerOptions) -> str:
        """See `Launch.kind`."""
        gpus = self._nodes.total(GPU)
        kind = "gpu" if gpus and options.accelerator != "cpu" else "cpu"
        if options.accelerator == "gpu" and kind == "cpu":
            raise InputError(
                "accelerator", "the Ray cluster has no GPU", "nodes with GPUs", "use accelerator=auto"
            )
        worker = self._worker(kind)
        self._nodes.check("stages.fit", worker)
        if options.devices > self._nodes.places(worker):
            name = "GPUs" if kind == "gpu" else "CPU workers"
            raise InputError(
                "devices",
                str(options.devices),
                f"at most the {self._nodes.places(worker)} {name} of the Ray cluster",
                "lower it",
            )
        return kind

    def _worker(self, kind: str) -> dict[str, float]:
        return wanted(self._request) | ({GPU: 1.0} if kind == "gpu" else {})

    def __call__(self, training: Training, progress: Progress | None) -> None:
        """See `Launch`.

        Raises
        ------
        RuntimeError
            When a worker failed or was lost.
        ClusterLost
            When the cluster went away.
        """
        with explained():
            self._run(training, progress)

    def _run(self, training: Training, progress: Progress | None) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        node = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        near = {"num_cpus": 0, "scheduling_strategy": node}
        news = _News(near)
        seen = {path: file_sha256(path) for path in (training.store / MANIFEST, training.out / RECORD)}
        # Ray Train keeps notes of its own, which nobody needs: a fit goes on from its own checkpoint
        notes = training.out / "ray"
        try:
            with messenger(progress, news) as carrier:
                training.keeper.tell, training.keeper.fail = carrier, carrier.fail
                values = {"training": ray.put(training), "carrier": carrier, "seen": seen}
                # where several Rays run on a machine, what watches over a fit would not find its own
                found = {"env_vars": {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}}
                drive = ray.remote(_drive).options(max_retries=0, runtime_env=found, **near)
                driven = drive.remote(values, training.devices, self._worker(training.kind), notes)
                # not one long ray.get: what a signal's handler raises inside it is lost
                while not ray.wait([driven], timeout=0)[0]:
                    raise_if_asked()
                    raise_if_lost()
                    time.sleep(POLL_SECONDS)
                if failed := ray.get(driven):
                    raise RuntimeError(f"{failed[:200]}; run the same command again to go on")
        finally:
            news.close()
            shutil.rmtree(notes, ignore_errors=True)


class _News:
    """The queue of a `messenger`: an actor beside the user's process, whose loss ends the news."""

    def __init__(self, options: dict[str, Any]) -> None:
        from ray.util.queue import Queue

        self._queue = Queue(actor_options=options)

    def put(self, item: Any) -> None:
        """Add an item; nobody waits for it once the cluster is lost."""
        if not lost():
            self._queue.put(item)

    def get(self) -> Any:
        """The next item, or None when there will be none."""
        import ray

        actor: Any = self._queue.actor
        asked = actor.get.remote(None)
        while not ray.wait([asked], timeout=POLL_SECONDS)[0]:
            if lost():
                return None
        try:
            return ray.get(asked)
        except ray.exceptions.RayActorError:
            return None

    def close(self) -> None:
        """End the actor."""
        self._queue.shutdown(force=True)


def _drive(values: dict[str, Any], devices: int, worker: dict[str, float], notes: Path) -> str:
    """Run the workers, from a process of Ray's: in the user's, Ray Train would take over Ctrl-C.

    Returns
    -------
    str
        Which worker failed and why, or nothing.
    """
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.exceptions import WorkerGroupError

    silence_dependencies()
    trainer = TorchTrainer(
        _work,
        train_loop_config=values,
        scaling_config=ScalingConfig(num_workers=devices, use_gpu=GPU in worker, resources_per_worker=worker),
        run_config=RunConfig(name=notes.name, storage_path=str(notes.parent)),
    )
    try:
        trainer.fit()
    except WorkerGroupError as error:
        # the others fail with a traceback, because they can no longer reach a worker that was lost
        found = [(rank, str(e).strip()) for rank, e in sorted(error.worker_failures.items())]
        rank, text = min(found, key=lambda item: "Traceback" in item[1])
        return f"Ray worker {rank} of {devices} failed: {text.splitlines()[-1]}"
    return ""


def _work(values: dict[str, Any]) -> None:
    """Body of one worker."""
    import ray
    from ray.train.torch import get_device

    silence_dependencies()
    try:
        check_seen(values["seen"])
        training: Training = ray.get(values["training"])
        gpu = training.kind == "gpu"
        with silent(), reproducible(deterministic=not gpu):
            training.run(
                devices=[get_device().index] if gpu else 1,
                num_nodes=training.devices,
                strategy=DDPStrategy(cluster_environment=_Worker(), process_group_backend=training.backend),
            )
    except InputError as error:
        values["carrier"].fail(error)
        raise


class _Worker(TorchElasticEnvironment):
    """Ranks from the variables that Ray Train sets. To Lightning, every worker is a node with one device.

    Ray's own classes for Lightning derive from `lightning` where that package is installed, too.
    """

    def local_rank(self) -> int:
        """The only one of its node."""
        return 0

    def node_rank(self) -> int:
        """As many nodes as workers."""
        return self.global_rank()


def check_seen(seen: dict[Path, str]) -> None:
    """Check that this node sees the files that the fit's starter sees.

    Parameters
    ----------
    seen : dict
        SHA-256 of each file.

    Raises
    ------
    InputError
        When a file is missing or another one.
    """
    for path, sha256 in seen.items():
        if not path.is_file() or file_sha256(path) != sha256:
            raise InputError(
                path.parent,
                f"not there, or another one, on node {socket.gethostname()}",
                "a folder that every node of the Ray cluster sees",
                "set SLIPBENCH_HOME to shared storage",
            )
