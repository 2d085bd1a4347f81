"""A Ray cluster to work on: the one this process is in, or a small local one for as long as needed."""

import logging
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from functools import cache
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.platform.cluster_lost import ClusterLost
from slipbench.platform.cluster_watch import ClusterWatch
from slipbench.platform.knock import answers
from slipbench.platform.nodes import Nodes

#: Search trials read stores from disk and pass only numbers, so the object store may stay small.
OBJECT_STORE_BYTES = 256 * 2**20
#: Seconds that the head of a cluster may take to answer.
CONNECT_SECONDS = 5
#: The watch of the running session.
_watches: list[ClusterWatch] = []


@contextmanager
def ray_session(address: str = "") -> Iterator[Nodes]:
    """Join a cluster, or start Ray here and stop it afterwards.

    Parameters
    ----------
    address : str
        Of the cluster, or ``auto``. By default ``RAY_ADDRESS`` (always set inside a Ray job); without
        either Ray is started here.

    Yields
    ------
    Nodes
        Of the cluster as it is now.

    Raises
    ------
    InputError
        When there is no such cluster, or the address is that of a Ray client.
    ClusterLost
        When what is done in it failed because the cluster is gone.
    """
    ours = not _joined()
    if ours:
        _knock(address)
    own_token = {} if address or joins() else _own_token()
    os.environ.update(own_token)  # before the import, which reads and keeps what it finds
    import ray

    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        if ours:
            _start(address)
        for number, handler in before.items():  # Ray puts its own handlers in; Ctrl-C stays ours
            signal.signal(number, handler)
        # what Ray's head tells, such as the loss of a node, is printed by a thread; stdout is for results
        with redirect_stdout(sys.stderr), _watched(ray, address), explained():
            yield Nodes(tuple(node["Resources"] for node in ray.nodes() if node["Alive"]))
    finally:
        if ours:
            ray.shutdown()
        for name in own_token:
            os.environ.pop(name, None)


def joins() -> bool:
    """Whether a `ray_session` would join a cluster instead of starting Ray here."""
    return _joined() or bool(_where(""))


def raise_if_lost() -> None:
    """Raise `ClusterLost` when the cluster of the running session has not answered for too long."""
    if error := lost():
        raise error


def lost() -> ClusterLost | None:
    """Why the cluster of the running session counts as lost, or None."""
    return _watches[-1].lost() if _watches else None


def explained() -> AbstractContextManager[None]:
    """Of what fails meanwhile, say where the cluster of the running session is gone (`ClusterLost`)."""
    return _watches[-1].explained()


@contextmanager
def _watched(ray: Any, address: str) -> Iterator[None]:
    """Keep an eye on the head, and on the node that this process is connected to."""
    context = ray.get_runtime_context()
    (node,) = (n for n in ray.nodes() if n["NodeID"] == context.get_node_id())
    here = f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
    parts = {"head": context.gcs_address, "node on this machine": here}
    with ClusterWatch(f"Ray cluster {_where(address) or 'here'}", parts) as watch:
        _watches.append(watch)
        try:
            yield
        finally:
            _watches.remove(watch)


def _joined() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()


@cache
def _token() -> str:
    return secrets.token_hex(32)


def _own_token() -> dict[str, str]:
    """Authentication of a cluster that lives as long as this process, unless the user has decided on it.

    Left alone, Ray writes a token to the home folder. Every later ``ray start`` would then ask for it, and
    ``ray job submit`` would not send it.
    """
    if "RAY_AUTH_MODE" in os.environ:
        return {}
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _token()}


def _start(address: str) -> None:
    import ray

    if _where(address):
        try:
            ray.init(address=_where(address), log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, ValueError, RuntimeError) as error:
            raise _nobody(address) from error
        return
    ray.init(
        address="local",
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=OBJECT_STORE_BYTES,
    )


def _knock(address: str) -> None:
    """Say at once where nobody listens; Ray itself would try again for minutes."""
    if address.startswith("ray://"):
        raise InputError(
            f"Ray {address}",
            "the address of a Ray client, which has no node for its folders",
            "HOST:PORT or auto, on a machine of the cluster",
            "run it there, or hand it over with 'slipbench submit'",
        )
    where = _where(address).removeprefix("ray://")
    if ":" in where and not answers(where, CONNECT_SECONDS):
        raise _nobody(address)


def _where(address: str) -> str:
    return address or os.environ.get("RAY_ADDRESS", "")


def _nobody(address: str) -> InputError:
    where = f"Ray {address}" if address else f"RAY_ADDRESS={_where(address)}"
    return InputError(where, "no Ray cluster there", "a running Ray head", "start it or correct the address")
