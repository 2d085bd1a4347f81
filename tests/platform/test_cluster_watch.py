"""Whether a cluster still answers, with plain sockets in its place."""

import socket
import time

import pytest

from slipbench.datasets.errors import InputError
from slipbench.platform.cluster_lost import ClusterLost
from slipbench.platform.cluster_watch import ClusterWatch

SILENT = 0.5


def _watch(**parts: socket.socket) -> ClusterWatch:
    addresses = {name: f"127.0.0.1:{part.getsockname()[1]}" for name, part in parts.items()}
    return ClusterWatch("Ray cluster here", addresses, lost_seconds=SILENT, look_seconds=0.05)


@pytest.fixture
def head() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=100)


@pytest.fixture
def node() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=100)


def test_what_has_been_silent_for_long_is_lost_and_named(head: socket.socket, node: socket.socket) -> None:
    with head, _watch(head=head, node=node) as watch:
        time.sleep(2 * SILENT)
        assert watch.lost() is None
        node.close()
        assert watch.lost() is None  # not yet
        time.sleep(2 * SILENT)
        error = watch.lost()
    assert isinstance(error, ClusterLost)
    assert str(error).startswith("Ray cluster here: its node has not answered for 1 s; ")
    assert error.exit_code == 1


def test_an_error_is_explained_where_the_cluster_is_gone(head: socket.socket) -> None:
    with _watch(head=head) as watch:
        with pytest.raises(ZeroDivisionError), watch.explained():
            1 / 0  # noqa: B018
        head.close()
        with pytest.raises(ClusterLost, match=r"its head is gone"), watch.explained():
            raise InputError("a", "b", "c", "d")
