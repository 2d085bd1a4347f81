"""Fixtures of the trainers' tests."""

from collections.abc import Iterator

import pytest
import torch

from slipbench.datasets.store.reader import Store

from .toy_source import toy_source


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
