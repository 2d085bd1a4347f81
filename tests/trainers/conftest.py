"""Fixtures of the trainers' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from slipbench.datasets.store.reader import Store

from .toy_source import toy_source


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are quickest, and the machine's load does not matter, on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def toy_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """96 rows of toy images in 12 shards."""
    return toy_source(tmp_path_factory.mktemp("toy") / "store")
