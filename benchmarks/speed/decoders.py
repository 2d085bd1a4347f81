"""Seconds of the prior-fitted network against the rows of its table, beside a random forest."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from slipbench.benchmarks.decoders.random_forest import RandomForest, RandomForestOptions
from slipbench.benchmarks.decoders.tabpfn import TabPFN, TabPFNOptions
from slipbench.benchmarks.speed.measure import Row, alternating

#: Rows that are given, and of which one is asked in five; features of each.
ROWS, FEATURES = (250, 500, 1000, 2000), 12


def rows() -> Iterator[Row]:
    """Fit and prediction together, one thread: the network does all its work when it predicts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for n in ROWS:
            yield compared(n)
    finally:
        torch.set_num_threads(threads)


def compared(n: int) -> Row:
    """The shipped network and a forest of 100 trees on `n` rows."""
    ours, forest = alternating(task(n, network), task(n, trees))
    what = f"slipbench-pfn-small, {n} rows given, {n // 5} asked, {FEATURES} features, CPU, one thread"
    return Row(what, ours, "s", "fit and prediction of a random forest of 100 trees", ours / forest)


def network() -> TabPFN:
    """The shipped network, one pass, whatever the number of rows."""
    options = TabPFNOptions(weights="shipped", estimators=1, too_many_rows="ignore", device="cpu")
    return TabPFN(options, 0)


def trees() -> RandomForest:
    """As the decoder suite has it."""
    return RandomForest(RandomForestOptions(trees=100, features=0.33, leaf_rows=5, threads=1), 0)


def task(n: int, make: Callable[[], TabPFN | RandomForest]) -> Callable[[], np.ndarray]:
    """Fit a new decoder to `n` made rows and predict others."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n + n // 5, FEATURES))
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.3 * rng.standard_normal(len(x))
    return lambda: make().fit(x[:n], y[:n]).predict(x[n:])
