"""How busy this machine is during a fit: MLflow's system metrics, kept beside the fit until it is tracked."""

import json
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from slipbench.datasets.atomic import atomic_file

FILE = "machine.json"
#: MLflow's own interval, where its environment variable names no other.
INTERVAL_SECONDS = 10.0

#: Metric, such as ``system/gpu_0_utilization_percentage``, to its (number, value, seconds since 1970).
Use = dict[str, list[tuple[int, float, float]]]


class MachineUse:
    """Asks MLflow's monitors now and then while the context is open.

    Processor, memory, disk and network are always there, GPUs where the driver's library (``nvidia-ml-py``)
    is installed. What an interrupted fit has gathered is gone on with.

    Parameters
    ----------
    folder : Path
        Of the fit.
    """

    def __init__(self, folder: Path) -> None:
        from mlflow.environment_variables import MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL

        self._path = folder / FILE
        self._every = MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL.get() or INTERVAL_SECONDS
        self._use = read_use(folder)
        self._number = max((points[-1][0] for points in self._use.values()), default=-1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(self._every)

    def _watch(self) -> None:
        monitors = _monitors()
        for monitor in monitors:  # the first answer is about the time before
            monitor.collect_metrics()
            monitor.clear_metrics()
        while not self._over.wait(self._every):
            self._number += 1
            for monitor in monitors:
                monitor.collect_metrics()
                for name, value in monitor.aggregate_metrics().items():
                    point = (self._number, float(value), time.time())
                    self._use.setdefault(f"system/{name}", []).append(point)
                monitor.clear_metrics()
            with suppress(OSError), atomic_file(self._path, sync=False) as file:
                file.write(json.dumps(self._use).encode())


def _monitors() -> list[Any]:
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
    from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor
    from mlflow.system_metrics.metrics.rocm_monitor import ROCMMonitor

    found: list[Any] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
    for gpus in (GPUMonitor, ROCMMonitor):
        with suppress(Exception):  # no library, no driver, no GPU: each says so in its own way
            found.append(gpus())
    return found


def read_use(folder: Path) -> Use:
    """What was gathered of a fit; empty where nothing was."""
    try:
        found = json.loads((folder / FILE).read_text())
        return {str(k): [(int(n), float(v), float(at)) for n, v, at in points] for k, points in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
