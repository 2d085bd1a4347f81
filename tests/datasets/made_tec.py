"""Small stores of made ionosphere maps."""

from pathlib import Path
from typing import Any

from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.tec_simulated import TecSimulated
from slipbench.datasets.recipes.tec_simulated_options import TecSimulatedOptions
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.reader import Store

SMALL: dict[str, Any] = {
    "recipe": "tec_simulated",
    "name": "small",
    "start": "2023-05-01",
    "n_days": 70,
    "indices": "made",
    "maps_per_day": 6,
    "step_lat": 12.5,
    "step_lon": 20.0,
    "sites": 5,
    "sites_with_anomalies": 3,
    "events_per_site": 3,
    "rows_per_shard": 16,
}


def tec_options(**changes: Any) -> TecSimulatedOptions:
    return TecSimulatedOptions(**(SMALL | changes))


def tec_plan(data: Path | None = None, **changes: Any) -> Plan:
    return TecSimulated(tec_options(**changes), data).plan()


def tec_store(folder: Path, **changes: Any) -> Store:
    build(tec_plan(**changes), folder)
    return Store(folder)
