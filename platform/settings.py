"""Where the real data, the state and the tracking server are: read once from the environment."""

import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import folder_of
from slipbench.datasets.lock import exclusive


@dataclass(frozen=True)
class Settings:
    """Places outside the configuration files.

    Parameters
    ----------
    data : Path or None
        Folder of real data (``SLIPBENCH_DATA``); None when the variable is not set.
    home : Path
        Folder of stores, fits, results and ``mlflow.db`` (``SLIPBENCH_HOME``, default ``./runs``).
    tracking : str
        MLflow tracking URI (``SLIPBENCH_TRACKING``, else ``MLFLOW_TRACKING_URI``, else SQLite in `home`).
    stores : Path
        Folder of the pipeline's stores (``SLIPBENCH_STORES``, also a URI of an object store, else in `home`).
    """

    data: Path | None
    home: Path
    tracking: str
    stores: Path

    @property
    def fits(self) -> Path:
        """Folder of trained networks and searches."""
        return self.home / "fits"

    @property
    def results(self) -> Path:
        """Folder of the suites' results tables."""
        return self.home / "results"

    @property
    def cache(self) -> Path:
        """Folder of derived inputs such as embeddings."""
        return self.home / "cache"

    def working(self) -> AbstractContextManager[None]:
        """Hold the home for one writing command: fits, cells and SQLite have a single writer.

        Raises
        ------
        InputError
            When another command is writing there.
        """
        return exclusive(self.lock, f"SLIPBENCH_HOME {self.home}", "run")

    @property
    def lock(self) -> Path:
        """The file that `working` holds."""
        return self.home / ".lock"

    @property
    def page(self) -> Path:
        """The HTML leaderboard."""
        return self.home / "leaderboard.html"


def hidden(text: str) -> str:
    """A text for people and logs: URIs in it lose the user and the password that they may hold."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def in_ray_job() -> bool:
    """Whether this process is the entry point of a Ray job, whose working folder is a throw-away copy."""
    return "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ


def settings() -> Settings:
    """Settings from the environment.

    Raises
    ------
    InputError
        When ``SLIPBENCH_DATA`` names no folder, ``SLIPBENCH_HOME`` a file, or ``SLIPBENCH_STORES`` no place
        that can be reached.
    """
    data = os.environ.get("SLIPBENCH_DATA")
    folder = Path(data).expanduser().absolute() if data else None
    if folder and not folder.is_dir():
        raise InputError(
            "SLIPBENCH_DATA",
            f"no folder at {data}",
            "the folder of real data",
            "correct or unset the variable",
        )
    default = Path.home() / "slipbench-runs" if in_ray_job() else Path("runs")
    home = Path(os.environ.get("SLIPBENCH_HOME") or default).expanduser().absolute()
    if home.exists() and not home.is_dir():
        raise InputError("SLIPBENCH_HOME", f"{home} is a file", "a folder", "name another folder")
    uri = os.environ.get("SLIPBENCH_TRACKING") or os.environ.get("MLFLOW_TRACKING_URI")
    stores = folder_of(os.environ.get("SLIPBENCH_STORES") or home / "stores")
    return Settings(folder, home, uri or f"sqlite:///{home / 'mlflow.db'}", stores)
