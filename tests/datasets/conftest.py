"""Fixtures of the tests of stores."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def sealed(original: Path, tmp_path: Path) -> Path:
    """A copy, to be changed, of the store that the module's fixture `original` has built."""
    return Path(shutil.copytree(original, tmp_path / "store"))
