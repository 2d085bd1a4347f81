"""A search stopped by Ctrl-C at any moment ends at once, leaves no process, and goes on when run again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SLIPBENCH = Path(sys.executable).parent / "slipbench"
OPTIONS = [
    "dataset.n_samples=256",
    "dataset.rows_per_shard=64",
    "dataset.n_stations=40",
    "model.width=0.25",
    "search.trials=3",
    "search.epochs=3",
    "search.grace_epochs=3",
]


@pytest.mark.service
@pytest.mark.timeout(280)
def test_ctrl_c_in_a_search(tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLIPBENCH_", "MLFLOW_TR", "RAY_"))}
    environment = clean | {"SLIPBENCH_HOME": str(tmp_path / "home")}
    command = [str(SLIPBENCH), "tune", "img_demo", *OPTIONS, "--json"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "home" / "fits").glob("*-search-*/ray/*.json")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(5)  # trials are running
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stderr.strip().splitlines()[-1].startswith("slipbench: stopped by SIGINT")
    assert "Traceback" not in stderr
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    again = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = json.loads(again.stdout)
    assert len(found["trials"]) == 3
    assert all(trial["validation_loss"] is not None for trial in found["trials"])
