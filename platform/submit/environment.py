"""The settings of this shell that a submitted job gets."""

import os
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.platform.settings import hidden

#: Variables that hold folders, or URIs.
FOLDERS = ("SLIPBENCH_DATA", "SLIPBENCH_HOME", "SLIPBENCH_STORES")


def passed_on() -> dict[str, str]:
    """Variables ``SLIPBENCH_*``.

    Raises
    ------
    InputError
        When one holds a password, since a cluster shows a job's variables to everyone who may see the job;
        and for a relative folder, which would lie in the job's own and be thrown away with it.
    """
    found = {k: v for k, v in sorted(os.environ.items()) if k.startswith("SLIPBENCH_") and v}
    for name, value in found.items():
        if hidden(value) != value:
            raise InputError(
                name,
                "holds a user or a password, which the cluster would show",
                "an address without them",
                "give MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to the cluster's nodes",
            )
    for name in FOLDERS:
        value = found.get(name, "/")
        if "://" not in value and not Path(value).expanduser().is_absolute():
            raise InputError(name, f"{value} is relative", "a folder of the cluster, from /", "write it out")
    return found
