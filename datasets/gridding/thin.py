"""A large matrix of smooth weights as the product of two thin ones."""

import numpy as np

#: Ranks that are tried.
_RANKS = (64, 128, 192, 256, 384, 512, 768, 1024)


def thin_factors(matrix: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Factors (m, r) and (r, n) whose product differs from the matrix (m, n) by at most `tolerance` anywhere.

    The range is found from products with random vectors of a fixed seed (Halko, Martinsson and Tropp 2011,
    algorithm 4.1). None where the factors would not at least halve the work of a product.
    """
    m, n = matrix.shape
    rng = np.random.default_rng(0)
    for rank in _RANKS:
        if 2 * rank * (m + n) > m * n:
            return None
        left = np.linalg.qr(matrix @ rng.normal(size=(n, rank)))[0]
        right = left.T @ matrix
        if np.abs(left @ right - matrix).max() <= tolerance:
            return left, right
    return None
