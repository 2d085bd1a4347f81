"""Whether somebody listens at an address, asked by opening a connection and nothing else."""

import socket


def answers(address: str, seconds: float) -> bool:
    """Whether ``HOST:PORT`` (or ``[HOST]:PORT``) takes a connection within so many seconds."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True
