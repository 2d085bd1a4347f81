"""How busy the machine is during a fit, through MLflow's own monitors."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow.system_metrics.metrics import gpu_monitor

from slipbench.platform.machine_use import FILE, MachineUse, read_use
from slipbench.platform.tracking import Record, Tracker

CPU = "system/cpu_utilization_percentage"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.2")


def watched(folder: Path, points: int) -> None:
    before, deadline = len(read_use(folder).get(CPU, [])), time.monotonic() + 30
    with MachineUse(folder):
        while len(read_use(folder).get(CPU, [])) < before + points:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_an_interrupted_fit_goes_on_counting(tmp_path: Path) -> None:
    watched(tmp_path, 2)
    first = read_use(tmp_path)
    assert {CPU, "system/system_memory_usage_megabytes"} <= set(first)
    watched(tmp_path, 1)
    use = read_use(tmp_path)
    assert use[CPU][: len(first[CPU])] == first[CPU]
    assert [number for number, _, _ in use[CPU]] == list(range(len(use[CPU])))
    times = [at for _, _, at in use[CPU]]
    assert times == sorted(times)
    assert abs(times[-1] - time.time()) < 60
    assert all(0 <= share <= 100 for _, share, _ in use[CPU])


def test_a_short_fit_leaves_nothing_and_a_broken_file_costs_nothing(tmp_path: Path) -> None:
    with MachineUse(tmp_path):
        pass
    assert not (tmp_path / FILE).exists()
    (tmp_path / FILE).write_text('{"system/cpu": [[0, 1')
    assert read_use(tmp_path) == {}
    watched(tmp_path, 1)


def test_gpus_are_asked_where_the_driver_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda i: i,
        nvmlDeviceGetMemoryInfo=lambda i: SimpleNamespace(used=2e9, total=8e9),
        nvmlDeviceGetUtilizationRates=lambda i: SimpleNamespace(gpu=40 + i),
        nvmlDeviceGetPowerUsage=lambda i: 100e3,
        nvmlDeviceGetEnforcedPowerLimit=lambda i: 400e3,
    )
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.setattr(gpu_monitor, "pynvml", driver, raising=False)
    watched(tmp_path, 1)
    use = read_use(tmp_path)
    assert {value for _, value, _ in use["system/gpu_1_utilization_percentage"]} == {41.0}
    assert {value for _, value, _ in use["system/gpu_0_power_usage_percentage"]} == {25.0}


def test_mlflow_gets_each_value_with_its_time(tmp_path: Path, migrated: bytes) -> None:
    (tmp_path / "mlflow.db").write_bytes(migrated)
    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
    points = [(0, 10.0, 1.7e9), (1, 20.0, 1.7e9 + 10)]
    parent, _ = tracker.log_suite(Record("suite", "demo"), [Record("fit", "fit", curves={CPU: points})])
    (run,) = [r for r in tracker.runs("demo") if r.info.run_id != parent]
    history = tracker._client.get_metric_history(run.info.run_id, CPU)
    assert [(m.step, m.value, m.timestamp / 1000) for m in history] == points
