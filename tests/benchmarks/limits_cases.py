"""A small network and its inverse problem, shared by the tests of the limits."""

import numpy as np

from slipbench.benchmarks.limits.forward import Forward
from slipbench.benchmarks.limits.noise import ParametricModel
from slipbench.benchmarks.limits.prior import Prior
from slipbench.benchmarks.limits.problem import Problem
from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.physics.source import Sampling, sample
from slipbench.datasets.recipes.source_network import made_network

DAYS = 100


def small_problem(stations: int = 25, **sampling) -> Problem:
    """Inverse problem of a made network."""
    network = made_network(stations, Grid(), np.random.default_rng(3))
    noise = ParametricModel(network.lat, network.lon, DAYS, ParametricNoise())
    return Problem(Forward(network.lat, network.lon), Prior(Sampling(**sampling)), noise)


def sources(n: int, seed: int, **sampling) -> dict[str, np.ndarray]:
    """Random sources of a store."""
    return sample(n, np.random.default_rng(seed), Sampling(**sampling))[0]


def pick(values: dict[str, np.ndarray], i: int) -> dict[str, np.ndarray]:
    """One source as arrays of length 1."""
    return {k: v[i : i + 1] for k, v in values.items()}
