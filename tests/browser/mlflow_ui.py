"""``slipbench ui`` on a home of the tests."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.object_store import free_port


@contextmanager
def mlflow_ui(home: Path) -> Iterator[str]:
    """Address of MLflow's page on a home, served by the command until the context ends."""
    port, programs = free_port(), Path(sys.executable).parent
    env = {"PATH": str(programs), "HOME": str(home), "SLIPBENCH_HOME": str(home)}
    server = subprocess.Popen(
        [programs / "slipbench", "ui", "--port", str(port)], env=env, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{url}/health", timeout=2).read()
                break
            except OSError:
                assert server.poll() is None, "slipbench ui ended"
                assert time.monotonic() < deadline, "slipbench ui does not answer"
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait(30)
