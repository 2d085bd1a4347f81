"""Equations of the spline in tension that hold no data: inside the grid, and on two rings around it."""

from functools import lru_cache

import numpy as np
from scipy import sparse

#: Rings of nodes outside the grid that carry the edge conditions.
PAD = 2
#: Steps (rows, columns) from a node to the 13 nodes of its equation.
STENCIL = np.array([(i, j) for i in range(-2, 3) for j in range(-2, 3) if abs(i) + abs(j) <= 2])


def second_difference(n: int) -> sparse.csr_matrix:
    """Second difference along an axis of n nodes; the first and last row are empty."""
    d = sparse.diags([np.ones(n - 1), -2 * np.ones(n), np.ones(n - 1)], [-1, 0, 1], format="lil")
    d[0], d[n - 1] = 0, 0
    return d.tocsr()


def laplacian(ny: int, nx: int) -> sparse.csr_matrix:
    """u_xx + u_yy on (ny, nx) nodes, without the edges' outward parts."""
    across = sparse.kron(second_difference(ny), sparse.identity(nx))
    return (across + sparse.kron(sparse.identity(ny), second_difference(nx))).tocsr()


def at_stencil(matrix: sparse.csr_matrix, ny: int, nx: int) -> np.ndarray:
    """A node's equation in a `matrix` of (ny, nx) nodes, far from the edges, on the `STENCIL`."""
    i, j = ny // 2, nx // 2
    row = matrix[i * nx + j].toarray().reshape(ny, nx)
    return row[i + STENCIL[:, 0], j + STENCIL[:, 1]]


@lru_cache(maxsize=4)  # a gridder and its gaps want the same ones
def pad_equations(ny: int, nx: int, tension: float) -> sparse.csr_matrix:
    """The equations of the outer two rings, one row per outside node, of an (ny, nx) padded grid."""
    number = np.arange(ny * nx).reshape(ny, nx)
    lap = laplacian(ny, nx)
    rows = []

    def row(entries: dict[tuple[int, int], float]) -> None:
        keys = [number[k] for k in entries]
        rows.append(sparse.csr_matrix((list(entries.values()), ([0] * len(keys), keys)), shape=(1, ny * nx)))

    loose = 1 - tension
    # Outward step along each side, and the nodes of that side without the outside corners.
    for (dy, dx), nodes in (
        ((-1, 0), [(PAD, j) for j in range(PAD, nx - PAD)]),
        ((1, 0), [(ny - 1 - PAD, j) for j in range(PAD, nx - PAD)]),
        ((0, -1), [(i, PAD) for i in range(PAD, ny - PAD)]),
        ((0, 1), [(i, nx - 1 - PAD) for i in range(PAD, ny - PAD)]),
    ):
        for i, j in nodes:
            outside, inside = (i + dy, j + dx), (i - dy, j - dx)
            row({outside: loose + tension / 2, (i, j): -2 * loose, inside: loose - tension / 2})
            rows.append(lap[number[outside]] - lap[number[inside]])
    # Outside corners (2 x 2 each): u_xy = 0 at the grid's corner, and no twist beyond it.
    for i, sy in ((PAD, -1), (ny - 1 - PAD, 1)):
        for j, sx in ((PAD, -1), (nx - 1 - PAD, 1)):
            row({(i + sy, j + sx): 1, (i - sy, j - sx): 1, (i + sy, j - sx): -1, (i - sy, j + sx): -1})
            for a, b in ((1, 2), (2, 1), (2, 2)):
                row({(i + a * sy, j + b * sx): 1, (i, j): 1, (i + a * sy, j): -1, (i, j + b * sx): -1})
    return sparse.vstack(rows).tocsr()
