"""An S3-compatible server of our own for tests, in a process beside them."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slipbench.platform.knock import answers
from slipbench.platform.variables import variables

BUCKET = "slipbench-test"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Start it with one bucket; gives the environment that reaches it. Its credentials are new ones."""
    pytest.importorskip("moto")
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": f"AKIA{secrets.token_hex(8).upper()}",
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server = subprocess.Popen(
        [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, server)
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name=env["AWS_DEFAULT_REGION"],
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket=BUCKET)
        yield env
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the S3 server ended"
        if answers(f"127.0.0.1:{port}", 1):
            return
        time.sleep(0.1)
    raise AssertionError("the S3 server does not answer")


@contextmanager
def environment(more: dict[str, str]) -> Iterator[None]:
    """These variables in this process for a while; what s3fs has kept of other servers is forgotten."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    with variables(more):
        yield
