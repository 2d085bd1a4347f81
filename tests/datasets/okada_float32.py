"""Error of the float32 kernel; run as a script it prints the figures in the docstring of okada.py."""

import numpy as np

from slipbench.datasets.physics.angles import sind
from slipbench.datasets.physics.okada import Sources, displacement

PERCENTILES = (50, 90, 99, 99.9, 100)


def errors(n: int = 2000, m: int = 300, seed: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Length of the error vector over that of the pair's displacement, and over the source's greatest one.

    n sources of all mechanisms, 2 to 400 km long, tops 0.1 to 100 km deep, m stations within 400 km; both
    results have shape (n, m). float64, good to 1e-10, stands for the truth.
    """
    rng = np.random.default_rng(seed)
    zero, dip = np.zeros(n), rng.uniform(0, 90, n)
    length = np.exp(rng.uniform(np.log(2e3), np.log(4e5), n))
    width = np.minimum(length * rng.uniform(0.3, 1, n), 6e4)
    depth = width / 2 * sind(dip) + rng.uniform(100, 1e5, n)
    strike, rake, opening = rng.uniform(0, 360, n), rng.uniform(-180, 180, n), 0.3 * (rng.random(n) < 0.2)
    sources = Sources(zero, zero, depth, strike, dip, rake, length, width, zero + 1, opening)
    east, north = rng.uniform(-4e5, 4e5, (2, m))
    want = displacement(sources, east, north)
    error = np.linalg.norm(displacement(sources, east, north, dtype=np.float32) - want, axis=-1)
    size = np.linalg.norm(want, axis=-1)
    return error / size, error / size.max(axis=1, keepdims=True)


if __name__ == "__main__":
    for name, values in zip(("of the pair's own", "of the source's greatest"), errors(), strict=True):
        shown = ", ".join(f"{p} %: {np.percentile(values, p):.1e}" for p in PERCENTILES)
        print(f"{values.size} pairs, error as a part {name} displacement: {shown}")
