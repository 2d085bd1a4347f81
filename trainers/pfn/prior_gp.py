"""Tasks from Gaussian processes with a length scale for every feature.

Mueller et al. (2022) train on exact draws. Here a draw is a sum of random cosines (Rahimi and Recht 2007,
random Fourier features), which is the same process in the limit of many and costs rows x cosines.
"""

import numpy as np

from slipbench.trainers.pfn.prior_trees import correlated

_COSINES = 96


def gp_tasks(
    n_tasks: int, n_rows: int, n_features: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tasks: squared-exponential or Matern-3/2 functions, a linear trend added to some.

    Frequencies are normal for the squared exponential and Student's t with 3 degrees of freedom for
    Matern 3/2. Length scales are in units of the features' spread; few features of wide tables matter.

    Returns
    -------
    x : (n_tasks, n_rows, n_features) float64 array
    y : (n_tasks, n_rows) float64 array
    """
    x = correlated(n_tasks, n_rows, n_features, rng)
    flat = rng.random((n_tasks, 1, 1)) < 0.5
    x = np.where(flat, rng.uniform(-1.7, 1.7, x.shape), x)
    unit = (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 1e-6)
    inverse = rng.gamma(0.6, 1.0, (n_tasks, n_features, 1))
    inverse /= np.sqrt((inverse**2).sum(1, keepdims=True)) + 1e-6
    inverse *= 10 ** rng.uniform(-0.5, 0.4, (n_tasks, 1, 1))
    chi = rng.chisquare(3, (n_tasks, 1, _COSINES)) / 3
    rough = rng.random((n_tasks, 1, 1)) < 0.5
    frequency = rng.standard_normal((n_tasks, n_features, _COSINES)) / np.where(rough, np.sqrt(chi), 1)
    phase = rng.uniform(0, 2 * np.pi, (n_tasks, 1, _COSINES))
    amplitude = rng.standard_normal((n_tasks, _COSINES, 1)) * np.sqrt(2 / _COSINES)
    y = (np.cos(unit @ (frequency * inverse) + phase) @ amplitude)[..., 0]
    slope = inverse * rng.standard_normal(inverse.shape)
    trend = (unit @ slope)[..., 0] * rng.uniform(0, 3, (n_tasks, 1)) * (rng.random((n_tasks, 1)) < 0.5)
    return x, y + trend
