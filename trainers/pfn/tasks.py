"""Batches of pre-training tasks; a batch depends on the options, the seed and the step's number alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from slipbench.trainers.pfn.options import TaskOptions
from slipbench.trainers.pfn.prior_gp import gp_tasks
from slipbench.trainers.pfn.prior_mlp import mlp_tasks
from slipbench.trainers.pfn.prior_seismic import seismic_tasks
from slipbench.trainers.pfn.prior_trees import tree_tasks

#: ``prior(n_tasks, n_rows, n_features, rng)`` gives x (tasks, rows, features) and y (tasks, rows).
Prior = Callable[[int, int, int, np.random.Generator], tuple[np.ndarray, np.ndarray]]
PRIORS: dict[str, Prior] = {
    "mlp": mlp_tasks,
    "trees": tree_tasks,
    "gp": gp_tasks,
    "seismic": seismic_tasks,
}
#: Targets beyond this many spreads of the context's are cut: a single one would rule a step.
_FAR = 6.0


@dataclass(frozen=True)
class Tasks:
    """Tasks of one shape, in the order of axes that the package's networks take.

    Parameters
    ----------
    x : (rows, tasks, features) float32 tensor
        NaN where a value is missing.
    y : (rows, tasks) float32 tensor
        Scaled to mean 0 and spread 1 over the context rows of each task, as the package does it.
    n_context : int
        Rows, from the first, whose targets are given.
    kinds : tuple of str
        Prior of each task.
    chronological : (tasks,) bool array
        Whether the query rows are later than all context rows.
    """

    x: torch.Tensor
    y: torch.Tensor
    n_context: int
    kinds: tuple[str, ...]
    chronological: np.ndarray

    @property
    def query(self) -> torch.Tensor:
        """Targets of the rows to predict, (queries, tasks)."""
        return self.y[self.n_context :]


def draw_tasks(options: TaskOptions, seed: int, step: int) -> Tasks:
    """The tasks of a step.

    Parameters
    ----------
    options : TaskOptions
        Ranges of rows and features, and the weights of the priors.
    seed, step : int
        Root of the random numbers; equal values give equal tasks on any machine with the same libraries.
    """
    rng = np.random.Generator(np.random.PCG64DXSM([seed, step]))
    n_rows = round(np.exp(rng.uniform(*np.log(options.rows))))
    n_features = round(np.exp(rng.uniform(*np.log(options.features))))
    n_context = round(n_rows * rng.uniform(*options.context))
    cells = n_rows * (n_features // 2 + 2)
    n_tasks = max(1, options.cells // cells)
    names = sorted(options.priors)
    weights = np.array([options.priors[name] for name in names])
    kinds = tuple(str(k) for k in np.sort(rng.choice(names, n_tasks, p=weights / weights.sum())))
    parts = [PRIORS[name](kinds.count(name), n_rows, n_features, rng) for name in names if name in kinds]
    x, y = (np.concatenate(p) for p in zip(*parts, strict=True))
    later = (np.array(kinds) == "seismic") & (rng.random(n_tasks) < options.chronological)
    order = np.argsort(np.where(later[:, None], np.arange(n_rows), rng.random((n_tasks, n_rows))), axis=1)
    x = np.take_along_axis(x, order[:, :, None], axis=1)
    y = np.take_along_axis(_noisy(y, rng), order, axis=1)
    x = _missing(x, rng)
    centre = y[:, :n_context].mean(1, keepdims=True)
    spread = y[:, :n_context].std(1, keepdims=True)
    y = np.clip((y - centre) / np.where(spread > 1e-9, spread, 1), -_FAR, _FAR)
    return Tasks(
        torch.from_numpy(np.ascontiguousarray(x.transpose(1, 0, 2), dtype=np.float32)),
        torch.from_numpy(np.ascontiguousarray(y.T, dtype=np.float32)),
        n_context,
        kinds,
        later,
    )


def _noisy(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Targets of unit spread with noise of 0.01 ... 1 spread on two thirds of the tasks."""
    y = (y - y.mean(1, keepdims=True)) / (y.std(1, keepdims=True) + 1e-9)
    level = 10 ** rng.uniform(-2, 0, (len(y), 1)) * (rng.random((len(y), 1)) < 2 / 3)
    return y + level * rng.standard_normal(y.shape)


def _missing(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Holes at random in a fifth of the tasks, up to a third of their cells."""
    share = rng.uniform(0, 1 / 3, (len(x), 1, 1)) * (rng.random((len(x), 1, 1)) < 0.2)
    return np.where(rng.random(x.shape) < share, np.nan, x)
