"""Tasks from random networks: structural causal models whose nodes are the units of an MLP.

After Mueller et al. (2022), Bayesian neural networks as a prior, and Hollmann et al. (2023), appendix C.1,
features and target drawn from the units of a random, sparse network with noise at every unit.
"""

import numpy as np

_WIDTH, _DEPTH = 12, 3


def _identity(z: np.ndarray) -> np.ndarray:
    return z


def _steps(z: np.ndarray) -> np.ndarray:
    return np.floor(2 * z) / 2


_ACTIVATIONS = (_identity, np.tanh, np.sin, np.abs, np.square, _steps)


def mlp_tasks(
    n_tasks: int, n_rows: int, n_features: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tasks.

    Half of them are plain regressions: the features are the network's inputs and the target is a unit of a
    random layer. In the other half features and target are units of any layer, so that features depend on
    each other and may be effects of the target.

    Returns
    -------
    x : (n_tasks, n_rows, n_features) float64 array
    y : (n_tasks, n_rows) float64 array
    """
    width = max(_WIDTH, n_features)
    h = _inputs((n_tasks, n_rows, width), n_features, rng)
    layers = [h]
    for _ in range(_DEPTH):
        keep = rng.random((n_tasks, width, width)) < rng.uniform(0.1, 0.7, (n_tasks, 1, 1))
        weights = keep * rng.standard_normal((n_tasks, width, width))
        weights /= np.sqrt((weights**2).sum(1, keepdims=True)) + 1e-6
        z = h @ weights + rng.standard_normal((n_tasks, 1, width)) * rng.uniform(0, 1, (n_tasks, 1, 1))
        h = _activate(z, rng)
        h = h + rng.standard_normal(h.shape) * 10 ** rng.uniform(-3, -0.5, (n_tasks, 1, 1))
        layers.append(h)
    units = np.concatenate(layers, axis=2)
    from_graph = rng.random(n_tasks) < 0.5
    order = np.argsort(rng.random((n_tasks, units.shape[2])), axis=1)
    columns = np.where(from_graph[:, None], order[:, :n_features], np.arange(n_features))
    target = np.where(from_graph, order[:, n_features], width + rng.integers(0, width * _DEPTH, n_tasks))
    x = np.take_along_axis(units, columns[:, None, :], axis=2)
    y = np.take_along_axis(units, target[:, None, None], axis=2)[..., 0]
    return x, y


def _inputs(shape: tuple[int, int, int], n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Normal, uniform or clustered columns; those beyond `n_features`, which plain tasks hide, are weak."""
    n_tasks, _, width = shape
    kind = rng.integers(0, 3, (n_tasks, 1, width))
    centre = rng.standard_normal((n_tasks, 1, width)) * 2
    normal = rng.standard_normal(shape)
    clustered = np.where(rng.random(shape) < 0.5, centre, -centre) / 2 + normal / 2
    columns = np.select([kind == 0, kind == 1], [normal, rng.uniform(-1.7, 1.7, shape)], clustered)
    seen = np.arange(width) < n_features
    return columns * np.where(seen, 1, 10 ** rng.uniform(-3, -0.5, (n_tasks, 1, width)))


def _activate(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One activation per unit, drawn per task, on inputs of unit spread."""
    z = z / (z.std(axis=1, keepdims=True) + 1e-6)
    kind = rng.integers(0, len(_ACTIVATIONS), (z.shape[0], 1, z.shape[2]))
    return np.select([kind == i for i in range(len(_ACTIVATIONS))], [f(z) for f in _ACTIVATIONS])
