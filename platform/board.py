"""Results of all suites below one home: the newest table of every suite name."""

from pathlib import Path

import pandas as pd

from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import TABLE
from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest


def newest_tables(results: Path) -> dict[str, Path]:
    """Suite name to its newest results table below the folder `results`."""
    tables: dict[str, Path] = {}
    for path in sorted(results.glob(f"*/{TABLE}"), key=lambda p: p.stat().st_mtime):
        name, _, _ = path.parent.name.rpartition("-")
        tables[name] = path
    return dict(sorted(tables.items()))


def read_results(results: Path, suite: str | None = None) -> pd.DataFrame:
    """Rows of every suite, or of the one called `suite`.

    Raises
    ------
    InputError
        When there are none.
    """
    tables = newest_tables(results)
    if not tables:
        raise InputError(
            results, "no results", "a finished suite", "run 'slipbench run PIPELINE' or set SLIPBENCH_HOME"
        )
    if suite is not None and suite not in tables:
        raise InputError(
            "--suite", f"no results of '{suite}'", "a suite that has run", nearest(suite, tables)
        )
    return read_table([tables[suite]] if suite else tables.values())
