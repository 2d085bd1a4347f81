"""Continuous-curvature spline in tension on a regular grid (Smith and Wessel 1990), as one matrix.

In units of the grid step the surface u satisfies, away from the data,

    (1 - T) (u_xxxx + 2 u_xxyy + u_yyyy) - T (u_xx + u_yy) = 0,

with (1 - T) u_nn + T u_n = 0 and d(u_xx + u_yy)/dn = 0 on the edges and u_xy = 0 at the corners (their
equations 6-8). Two rings of nodes outside the grid carry the edge conditions. A datum enters the equation of
its nearest node: there the Laplacian at the node itself is the one of the second-order Taylor expansion
through the node, four neighbours and the datum (Briggs 1974; Smith and Wessel 1990, A-5 to A-7). The datum
therefore pulls at the surface and is met closely, not exactly. The best-fitting plane of the data is taken
out first and put back after, so planes are reproduced.

These are the choices of GMT's ``surface -Qr``; how closely both agree is in ``docs/results/gmt_parity.md``.
One is left out: GMT moves a datum within 0.05 steps of its node there with its value as it is, we move it
along the plane, so that planes stay exact. Without ``-Qr`` GMT solves on a larger grid whose size it finds
faster, with the edge conditions on that grid's edges; ``Grid.margin`` says by how much ours is larger.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

_PAD = 2
#: A datum nearer to its node than this share of a step in both directions fixes the node's value.
_CLOSE = 0.05


def _second(n: int) -> sparse.csr_matrix:
    """Second difference along an axis of n nodes; the first and last row are empty."""
    d = sparse.diags([np.ones(n - 1), -2 * np.ones(n), np.ones(n - 1)], [-1, 0, 1], format="lil")
    d[0], d[n - 1] = 0, 0
    return d.tocsr()


def _pad_equations(ny: int, nx: int, tension: float) -> sparse.csr_matrix:
    """The equations of the outer two rings, one row per outside node, of an (ny, nx) padded grid."""
    number = np.arange(ny * nx).reshape(ny, nx)
    lap = sparse.kron(_second(ny), sparse.identity(nx)) + sparse.kron(sparse.identity(ny), _second(nx))
    lap = lap.tocsr()
    rows = []

    def row(entries: dict[tuple[int, int], float]) -> None:
        keys = [number[k] for k in entries]
        rows.append(sparse.csr_matrix((list(entries.values()), ([0] * len(keys), keys)), shape=(1, ny * nx)))

    loose = 1 - tension
    # Outward step along each side, and the nodes of that side without the outside corners.
    for (dy, dx), nodes in (
        ((-1, 0), [(_PAD, j) for j in range(_PAD, nx - _PAD)]),
        ((1, 0), [(ny - 1 - _PAD, j) for j in range(_PAD, nx - _PAD)]),
        ((0, -1), [(i, _PAD) for i in range(_PAD, ny - _PAD)]),
        ((0, 1), [(i, nx - 1 - _PAD) for i in range(_PAD, ny - _PAD)]),
    ):
        for i, j in nodes:
            outside, inside = (i + dy, j + dx), (i - dy, j - dx)
            row({outside: loose + tension / 2, (i, j): -2 * loose, inside: loose - tension / 2})
            rows.append(lap[number[outside]] - lap[number[inside]])
    # Outside corners (2 x 2 each): u_xy = 0 at the grid's corner, and no twist beyond it.
    for i, sy in ((_PAD, -1), (ny - 1 - _PAD, 1)):
        for j, sx in ((_PAD, -1), (nx - 1 - _PAD, 1)):
            row({(i + sy, j + sx): 1, (i - sy, j - sx): 1, (i + sy, j - sx): -1, (i - sy, j + sx): -1})
            for a, b in ((1, 2), (2, 1), (2, 2)):
                row({(i + a * sy, j + b * sx): 1, (i, j): 1, (i + a * sy, j): -1, (i, j + b * sx): -1})
    return sparse.vstack(rows).tocsr()


def _laplacian_with_datum(dx: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of u_xx + u_yy at a node by a Taylor expansion through the node, neighbours and a datum.

    Parameters
    ----------
    dx, dy : ndarray, shape (b,)
        Places of the data from their nodes, -1/2 to 1/2 steps, not both zero.

    Returns
    -------
    steps : ndarray of int, shape (4, 2, b)
        The four neighbours, away from the datum: (x, y) from the node.
    weights : ndarray, shape (b, 5)
        Factors of (value - value at the node) of those neighbours and, last, of the datum.
    """
    sx, sy = np.where(dx < 0, -1, 1), np.where(dy < 0, -1, 1)
    zero = np.zeros_like(sx)
    steps = np.array([[-sx, sy], [-sx, zero], [zero, -sy], [sx, -sy]])
    x, y = np.concatenate([steps, [[dx, dy]]]).transpose(1, 2, 0)
    taylor = np.stack([x, y, x * x / 2, x * y, y * y / 2], axis=-1)  # data (rows) by derivatives
    wanted = np.broadcast_to(np.array([0.0, 0, 1, 0, 1])[:, None], (len(dx), 5, 1))
    return steps, np.linalg.solve(taylor.transpose(0, 2, 1), wanted)[..., 0]


def _constrained(
    interior: sparse.csr_matrix, lap: sparse.csr_matrix, x: np.ndarray, y: np.ndarray, nx: int, tension: float
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """The nodes' equations with the data in them, and the matrix from data to right-hand sides.

    `x`, `y` count from the first padded node. Of several data with one nearest node the nearest is used.
    """
    n, b = interior.shape[0], len(x)
    j, i = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
    by_distance = np.argsort(np.hypot(x - j, y - i), kind="stable")
    node, first = np.unique((i * nx + j)[by_distance], return_index=True)
    datum = by_distance[first]
    dx, dy = (x - j)[datum], (y - i)[datum]
    close = (np.abs(dx) < _CLOSE) & (np.abs(dy) < _CLOSE)

    fixed, far = node[close], node[~close]
    steps, weights = _laplacian_with_datum(dx[~close], dy[~close])
    # What the equation of a node holds of the Laplacian at that very node.
    weights = weights * -(4 * (1 - tension) + tension)
    factor = np.zeros(n)
    factor[far] = -(4 * (1 - tension) + tension)
    columns = np.concatenate([far + steps[:, 1] * nx + steps[:, 0], [far]])
    values = np.concatenate([weights[:, :4].T, [-weights.sum(axis=1)]])
    rows = np.broadcast_to(far, columns.shape)
    free = np.ones(n)
    free[fixed] = 0
    system = (
        sparse.diags(free) @ interior
        - sparse.diags(factor) @ lap
        + sparse.csr_matrix((values.ravel(), (rows.ravel(), columns.ravel())), shape=(n, n))
        + sparse.diags(1 - free)
    )
    into = np.concatenate([np.ones(len(fixed)), -weights[:, 4]])
    to = np.concatenate([fixed, far])
    of = np.concatenate([datum[close], datum[~close]])
    return system.tocsr(), sparse.csr_matrix((into, (to, of)), shape=(n, b))


def tension_operator(x: np.ndarray, y: np.ndarray, shape: tuple[int, int], tension: float) -> np.ndarray:
    """The matrix that takes data values to grid values.

    Parameters
    ----------
    x, y : ndarray, shape (b,)
        Data positions in grid steps from the grid's first node (x along columns), inside the grid and
        distinct.
    shape : tuple of int
        Rows and columns of the grid.
    tension : float
        T, 0 (minimum curvature) to below 1.

    Returns
    -------
    ndarray, shape (rows * columns, b)

    Raises
    ------
    ValueError
        Fewer than one datum, or two data in one place.
    """
    b = len(x)
    if not b or len(np.unique(np.stack([x, y]), axis=1).T) < b:
        raise ValueError("the data must lie in distinct places")
    ny, nx = shape[0] + 2 * _PAD, shape[1] + 2 * _PAD
    lap = sparse.kron(_second(ny), sparse.identity(nx)) + sparse.kron(sparse.identity(ny), _second(nx))
    lap = lap.tocsr()
    real = np.arange(ny * nx).reshape(ny, nx)[_PAD:-_PAD, _PAD:-_PAD].ravel()
    interior, data = _constrained(
        (1 - tension) * lap @ lap - tension * lap, lap, x + _PAD, y + _PAD, nx, tension
    )
    system = sparse.vstack([interior[real], _pad_equations(ny, nx, tension)], format="csc")
    right = np.zeros((ny * nx, b))
    right[: len(real)] = data[real].toarray()
    surface = splu(system).solve(right)[real]
    # u = plane(z) + spline(z - plane(z)); three data fix a plane, fewer a constant.
    there = np.stack([np.ones(b), x - x.mean(), y - y.mean()], axis=1)
    gy, gx = np.mgrid[: shape[0], : shape[1]]
    grid = np.stack([np.ones(gx.size), gx.ravel() - x.mean(), gy.ravel() - y.mean()], axis=1)
    if np.linalg.matrix_rank(there) < 3:
        there, grid = there[:, :1], grid[:, :1]
    fit = np.linalg.pinv(there)
    return surface @ (np.eye(b) - there @ fit) + grid @ fit
