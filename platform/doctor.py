"""What is there and what is missing on this machine, as findings that a person and a program can read."""

import importlib.util
import os
import platform as machine
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics import okada
from slipbench.platform.settings import Settings, hidden
from slipbench.platform.tracking_check import check
from slipbench.platform.versions import code_version

PACKAGES = (
    "torch", "timm", "pytorch-lightning", "zarr", "dask", "ray", "mlflow", "tabpfn", "xgboost", "lightgbm",
    "catboost", "scikit-learn", "pydantic", "omegaconf", "numpy",
)  # fmt: skip
#: Below the data folder; a pattern stands for any file that fits.
DATA_FILES = (
    "stations/ngl_japan_box.csv",
    "daily/japan18_daily.csv.gz",
    "daily/cascadia211_daily_2005_2015.npz",
    "catalogs/usgs_japan_M2.5_1990_2019.csv.gz",
    "catalogs/gcmt_1976_2013_pycsep.csv.gz",
    "coseismic/tohoku_co_obs_EN_m.txt",
    "high_rate/*.npz",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``ok``, ``note`` (works without it) or ``broken``."""

    topic: str
    state: Literal["ok", "note", "broken"]
    text: str


def examine(place: Settings) -> Iterator[Finding]:
    """Look at everything; nothing is downloaded and nothing is left behind.

    The tracking database is created (and migrated) where it does not exist yet.
    """
    yield Finding("slipbench", "ok", f"{code_version()} on Python {machine.python_version()}")
    yield from _packages()
    yield from _hardware()
    yield _ray()
    yield _home(place.home)
    try:
        check(place.tracking)
        yield Finding("tracking", "ok", f"MLflow at {hidden(place.tracking)}, schema up to date")
    except InputError as error:
        yield Finding("tracking", "broken", str(error))
    yield from _data(place.data)
    yield from _weights()


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "broken", "not installed: run make setup")
    if importlib.util.find_spec("lightning"):
        todo = "Ray's Lightning helpers mix it up with pytorch-lightning: pip uninstall lightning"
        yield Finding("lightning", "broken", f"installed too; {todo}")


def _hardware() -> Iterator[Finding]:
    import torch

    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    yield Finding("processor", "ok", f"{cores} cores usable, {pages:.0f} GiB of memory")
    if okada.kernel() == "c":
        yield Finding("Okada kernel", "ok", f"compiled, {okada.instruction_sets()[-1]}")
    else:
        todo = "for the fast one install a C compiler and run pip install --editable ."
        yield Finding("Okada kernel", "note", f"NumPy; {todo}")
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if gpus:
        yield Finding("GPU", "ok", ", ".join(gpus))
    else:
        yield Finding("GPU", "note", "none; everything runs on the processor")


def _ray() -> Finding:
    address = os.environ.get("RAY_ADDRESS")
    job = Path(sys.executable).parent / "ray"
    if address:
        return Finding("Ray cluster", "ok", f"searches join RAY_ADDRESS={address}")
    if not job.exists() and shutil.which("ray") is None:
        return Finding("Ray cluster", "broken", "the command 'ray' is missing: run make setup")
    return Finding("Ray cluster", "note", "RAY_ADDRESS is not set; searches start Ray on this machine")


def _home(home: Path) -> Finding:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            free = shutil.disk_usage(home).free / 2**30
    except OSError as error:
        return Finding("SLIPBENCH_HOME", "broken", f"{home} is not writable ({error.strerror})")
    return Finding("SLIPBENCH_HOME", "ok", f"{home} is writable, {free:.0f} GiB free")


def _data(data: Path | None) -> Iterator[Finding]:
    if data is None:
        yield Finding("SLIPBENCH_DATA", "note", "not set; datasets with 'auto' inputs are simulated")
        return
    for name in DATA_FILES:
        there = any(found.is_file() for found in data.glob(name))
        yield Finding(
            "data", "ok" if there else "note", f"{name} {'found' if there else 'missing'} in {data}"
        )


def _weights() -> Iterator[Finding]:
    from slipbench.platform.weights import weights

    for name, folder, todo in weights():
        state: Literal["ok", "note"] = "ok" if folder else "note"
        yield Finding(name, state, f"found at {folder}" if folder else f"not found; {todo}")
