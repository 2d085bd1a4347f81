"""Fixtures of the trainers' tests."""

from collections.abc import Iterator

import pytest
import torch

from slipbench.datasets.store.reader import Store

from .toy_source import toy_source
from .toy_views import toy_views


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """On one thread tiny networks are quickest, and sums do not depend on the number of cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def toy_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """96 rows of toy images in 12 shards."""
    return toy_source(tmp_path_factory.mktemp("toy") / "store")


@pytest.fixture(scope="session")
def view_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """64 rows with every array that a network reads, 6 stations."""
    return toy_views(tmp_path_factory.mktemp("views") / "store")
