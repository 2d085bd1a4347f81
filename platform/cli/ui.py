"""``slipbench ui``: MLflow's own page on the runs below SLIPBENCH_HOME."""

import contextlib
from typing import Annotated

import typer


def command(
    port: Annotated[int, typer.Option("--port", help="port of the page on this machine")] = 5000,
) -> int:
    """Serve MLflow's page until Ctrl-C; opens no browser."""
    import os
    import signal
    import subprocess
    import sys

    from slipbench.platform.cli.console import err
    from slipbench.platform.settings import hidden, settings
    from slipbench.platform.tracking_check import check

    place = settings()
    check(place.tracking)
    if place.tracking.startswith("http"):
        err().print(f"the tracking server has its own page: {hidden(place.tracking)}")
        return 0
    err().print(f"http://127.0.0.1:{port} shows {hidden(place.tracking)}; Ctrl-C ends it")
    arguments = ["--backend-store-uri", place.tracking, "--host", "127.0.0.1", "--port", str(port)]
    # one reader needs one worker and none of the background jobs
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *arguments, "--workers", "1"],
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        start_new_session=True,
    )
    try:
        return server.wait()
    finally:
        # the server's own children outlive it unless their group is told
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
