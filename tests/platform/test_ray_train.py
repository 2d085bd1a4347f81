"""``slipbench train --ray`` on a real head: two Ray Train workers, joined by gloo, and other ways to fit."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.platform.ray_train import check_seen
from slipbench.platform.tracking import Tracker
from tests.chaos.on_ray import write_trainer

from .ray_head import BIN, Head, processes_of, ray_environment, ray_head

pytestmark = [pytest.mark.service, pytest.mark.timeout(1200)]
#: Seconds for any one step, also on a machine with other work.
PATIENCE = 900


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with ray_head() as found:
        yield found


@pytest.fixture
def trainer(tmp_path: Path) -> Path:
    return write_trainer(tmp_path)


Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(head: Head, trainer: Path, tmp_path: Path) -> Iterator[Start]:
    """``start(*overrides)`` with the home ``on_ray`` unless told otherwise; none outlives its test."""
    started = []

    def run(*overrides: str, home: object = tmp_path / "on_ray") -> subprocess.Popen:
        process = subprocess.Popen(
            [str(BIN / "slipbench"), "train", str(trainer), *overrides, "--ray", head.address, "--json"],
            env=ray_environment() | {"SLIPBENCH_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def _end(process: subprocess.Popen, code: int) -> tuple[str, str]:
    out, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, told
    assert "Traceback" not in told
    return out, told


def _workers(head: Head) -> list[psutil.Process]:
    """The processes that train; Ray gives them names of its own."""
    found = []
    for pid in processes_of(str(head.folder)):
        for child in psutil.Process(pid).children(recursive=True) if psutil.pid_exists(pid) else ():
            try:
                if "RayTrainWorker" in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:
                continue
    return sorted(set(found), key=lambda p: p.pid)


def _wait(until: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert process is None or process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _fits(home: Path) -> list[Path]:
    return sorted((home / "fits").glob("img-*"))


def _history(fit: Path) -> list[dict]:
    return json.loads((fit / "fit.json").read_text())["result"]["history"]


def _failure(told: str) -> str:
    (line,) = [text for text in told.splitlines() if "failed" in text]
    return line


def test_the_losses_of_one_process_also_after_interruptions(
    head: Head, trainer: Path, start: Start, tmp_path: Path, slipbench: Callable
) -> None:
    home = tmp_path / "on_ray"
    stopped = start("devices=2")
    _wait(lambda: list((home / "fits").glob("*/last.ckpt")), stopped)
    stopped.send_signal(signal.SIGINT)
    assert "stopped by SIGINT" in _end(stopped, 130)[1]
    _wait(lambda: not _workers(head))
    (fit,) = _fits(home)
    assert json.loads((fit / "fit.json").read_text())["result"] is None
    assert sorted(p.name for p in fit.iterdir()) == ["best.ckpt", "fit.json", "last.ckpt"]

    before = (fit / "last.ckpt").stat().st_mtime_ns
    hurt = start("devices=2")
    _wait(lambda: (fit / "last.ckpt").stat().st_mtime_ns > before, hurt)
    _workers(head)[0].kill()
    line = _failure(_end(hurt, 1)[1])
    assert line.startswith("fit small failed: RuntimeError: Ray worker ")
    assert line.endswith("; run the same command again to go on")

    out, told = _end(start("devices=2"), 0)
    assert "fit small: 12 of 12" in told
    assert sorted(p.name for p in fit.iterdir()) == ["best.ckpt", "fit.json"]
    (run,) = Tracker(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts").runs("fit small")
    assert (run.info.status, run.data.params["devices"]) == ("FINISHED", "2")
    assert run.data.tags["checkpoint_sha256"] == json.loads(out)["sha256"]

    ran = slipbench("train", trainer)
    assert ran.code == 0, ran.err
    (alone,) = _fits(tmp_path / "home")
    for loss in ("train_loss", "validation_loss"):
        values = [[epoch[loss] for epoch in _history(p)] for p in (fit, alone)]
        assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_no_worker_outlives_a_killed_command(head: Head, start: Start) -> None:
    process = start("devices=2", "epochs=9999", "patience=9999")
    _wait(lambda: len(_workers(head)) == 2, process)
    process.kill()
    _wait(lambda: not _workers(head))


def test_more_devices_than_the_cluster_has(start: Start, tmp_path: Path) -> None:
    told = _end(start("devices=3"), 2)[1]
    assert told == "slipbench: devices: 3; expected at most the 2 CPU workers of the Ray cluster; lower it\n"
    assert not (tmp_path / "on_ray" / "stores").exists()


def test_no_cluster(slipbench: Callable, trainer: Path, tmp_path: Path) -> None:
    ran = slipbench("train", trainer, "--ray", "127.0.0.1:1")
    assert ran.code == 2
    assert ran.err.startswith("slipbench: Ray 127.0.0.1:1: no Ray cluster there; expected a running Ray head")


def test_a_home_that_only_the_command_sees(start: Start, tmp_path: Path, slipbench: Callable) -> None:
    # every process has a working folder of its own, as every machine has disks of its own
    line = _end(start("devices=2", home="/proc/self/cwd/home"), 2)[1].splitlines()[-1]
    assert line.startswith("slipbench: /proc/self/cwd/home/stores/source_demo-")
    assert "not there, or another one, on node" in line
    assert line.endswith("set SLIPBENCH_HOME or SLIPBENCH_STORES to shared storage")
    assert not _fits(tmp_path / "home")

    sizes = ("n_samples=64", "rows_per_shard=32", "n_stations=30", "representations=[img]")
    assert slipbench("build", "source_demo", *sizes).code == 0  # where there is a store, the fit says so
    line = _failure(_end(start("devices=2", home="/proc/self/cwd/home"), 1)[1])
    assert line.startswith("fit small failed: InputError: /proc/self/cwd/home/stores/source_demo-")
    assert "not there, or another one, on node" in line
    assert line.endswith("set SLIPBENCH_HOME to shared storage")
    (fit,) = _fits(tmp_path / "home")
    assert [p.name for p in fit.iterdir()] == ["fit.json"]


def test_a_client_is_not_on_the_cluster(slipbench: Callable, trainer: Path) -> None:
    ran = slipbench("train", trainer, "--ray", "ray://head:10001")
    assert ran.code == 2
    assert "expected HOST:PORT or auto, on a machine of the cluster" in ran.err


def test_another_file_of_the_same_name_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "store" / "manifest.json"
    path.parent.mkdir()
    path.write_text("one")
    check_seen({path: file_sha256(path)})
    with pytest.raises(InputError, match=r"store: not there, or another one, on node"):
        check_seen({path: "0" * 64})
