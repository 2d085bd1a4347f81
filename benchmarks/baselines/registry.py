"""The registry of baselines. A baseline is one file here that registers a `Baseline`."""

from typing import Any

from slipbench.benchmarks.baselines.base import Baseline
from slipbench.datasets.registry import Registry

BASELINES: Registry[type[Baseline]] = Registry("baseline", "slipbench.benchmarks.baselines")


def unfit(options: list[Any], task: str) -> str | None:
    """Why a suite of `task` cannot take these baselines; None when it can."""
    names = [o.baseline for o in options]
    for name in names:
        made_for = BASELINES.info(name).task
        if made_for not in ("any", task):
            return f"baseline '{name}' is made for {made_for} suites, not for {task}"
        if names.count(name) > 1:
            return f"baseline '{name}' is listed twice"
    return None
