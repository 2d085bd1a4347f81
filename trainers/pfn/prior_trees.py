"""Tasks from sums of random trees: step functions of a few features, as forests and boosting fit them.

After the tree-based mechanisms of Hollmann et al. (2025), methods, with oblivious trees: one feature and
one threshold for all nodes of a level, so a leaf's number is the binary number of the level's answers.
"""

import numpy as np


def tree_tasks(
    n_tasks: int, n_rows: int, n_features: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tasks: 1 ... 24 trees of 1 ... 4 levels on correlated features, some of them whole numbers.

    Returns
    -------
    x : (n_tasks, n_rows, n_features) float64 array
    y : (n_tasks, n_rows) float64 array
    """
    x = correlated(n_tasks, n_rows, n_features, rng)
    trees, levels = 24, 4
    # few features matter: the square of a uniform number favours the first of a random order
    rank = np.argsort(rng.random((n_tasks, n_features)), axis=1)
    pick = (rng.random((n_tasks, trees * levels)) ** 2 * n_features).astype(int)
    feature = np.take_along_axis(rank, pick, axis=1)
    row = rng.integers(0, n_rows, (n_tasks, trees * levels))
    task = np.arange(n_tasks)[:, None]
    threshold = x[task, row, feature]
    above = np.take_along_axis(x, feature[:, None, :], axis=2) > threshold[:, None, :]
    above = above.reshape(n_tasks, n_rows, trees, levels)
    depth = rng.integers(1, levels + 1, (n_tasks, 1, trees, 1))
    leaf = ((above & (np.arange(levels) < depth)) * 2 ** np.arange(levels)).sum(-1)
    values = rng.standard_normal((n_tasks, trees, 2**levels))
    values *= np.arange(trees)[:, None] < rng.integers(1, trees + 1, (n_tasks, 1, 1))
    y = np.take_along_axis(values, leaf.transpose(0, 2, 1), axis=2).sum(1)
    return x, y


def correlated(n_tasks: int, n_rows: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Features that share a few causes; an eighth of the columns holds whole numbers, some are skewed."""
    shape = (n_tasks, n_rows, n_features)
    causes = rng.standard_normal((n_tasks, n_rows, 3)) @ rng.standard_normal((n_tasks, 3, n_features))
    x = rng.standard_normal(shape) + causes * rng.uniform(0, 1, (n_tasks, 1, 1)) ** 2
    kind = rng.random((n_tasks, 1, n_features))
    return np.select([kind < 0.12, kind < 0.24], [np.rint(2 * x), np.exp(np.clip(x, -4, 3))], x)
