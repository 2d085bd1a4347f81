"""Running the command in this process."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipbench.platform.tracking_check import check

#: The quickstart made small: two trials of one epoch, one fit, one decoder.
_SOURCE = ["n_samples=64", "rows_per_shard=32", "n_stations=40"]
SMALL = [
    *(f"suites.source.dataset.{o}" for o in _SOURCE),
    *(f"suites.source.networks.img.dataset.{o}" for o in _SOURCE),
    "suites.source.networks.img.model.width=0.25",
    "suites.source.networks.img.epochs=1",
    "suites.source.networks.img.search.trials=2",
    "suites.source.networks.img.search.epochs=1",
    "suites.nowcast.decoders=[{decoder: ridge}]",
    "suites.nowcast.baselines=[{baseline: mean}]",
    "suites.nowcast.modalities=[ab]",
    "suites.nowcast.splits=[chronological]",
    "suites.nowcast.seeds=[0]",
]


@pytest.fixture(scope="session")
def small_quickstart() -> list[str]:
    """Overrides that make the quickstart take seconds."""
    return SMALL


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Bytes of a freshly migrated database: the migration takes seconds, so it is made once."""
    folder = tmp_path_factory.mktemp("mlflow")
    check(f"sqlite:///{folder / 'mlflow.db'}")
    with sqlite3.connect(folder / "mlflow.db") as database:
        database.execute("pragma wal_checkpoint(truncate)")
    return (folder / "mlflow.db").read_bytes()


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def slipbench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ran]]:
    """``slipbench(*arguments)`` with its home in a temporary folder and no data folder."""
    from slipbench.platform.cli.main import main

    monkeypatch.setenv("SLIPBENCH_HOME", str(tmp_path / "home"))
    for name in ("SLIPBENCH_DATA", "SLIPBENCH_TRACKING", "MLFLOW_TRACKING_URI", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)
