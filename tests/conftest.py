"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

from slipbench.datasets.quiet import silence_dependencies

silence_dependencies()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data: SLIPBENCH_DATA, or shared/data beside the checkout; skips where there is none."""
    named = os.environ.get("SLIPBENCH_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "README.md").exists():
        pytest.skip(f"no real data at {folder} (set SLIPBENCH_DATA)")
    return folder
