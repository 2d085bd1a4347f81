"""Continuous-curvature spline in tension on a regular grid (Smith and Wessel 1990), as one matrix.

In units of the grid step the surface u satisfies, away from the data,

    (1 - T) (u_xxxx + 2 u_xxyy + u_yyyy) - T (u_xx + u_yy) = 0,

with (1 - T) u_nn + T u_n = 0 and d(u_xx + u_yy)/dn = 0 on the edges and u_xy = 0 at the corners (their
equations 6-8). Two rings of nodes outside the grid carry the edge conditions. A datum is a condition on the
surface at the datum's own place (quadratic interpolation from its nearest 3 x 3 nodes), with a point force
there as its Lagrange multiplier. The best-fitting plane of the data is taken out first and put back after,
as GMT does, so planes are reproduced.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

_PAD = 2


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


def _at_data(x: np.ndarray, y: np.ndarray, ny: int, nx: int) -> sparse.csr_matrix:
    """Quadratic interpolation from the padded grid to the points (x, y), in steps from its first node."""
    j, i = np.rint(x).astype(int), np.rint(y).astype(int)

    def weights(t: np.ndarray) -> np.ndarray:
        return np.stack([t * (t - 1) / 2, 1 - t * t, t * (t + 1) / 2])

    wx, wy = weights(x - j), weights(y - i)
    step = np.array([-1, 0, 1])
    columns = (i + step[:, None, None]) * nx + (j + step[None, :, None])
    values = wy[:, None] * wx[None, :]
    data = np.broadcast_to(np.arange(len(x)), values.shape)
    return sparse.csr_matrix((values.ravel(), (data.ravel(), columns.ravel())), shape=(len(x), ny * nx))


def _forces(x: np.ndarray, y: np.ndarray, ny: int, nx: int) -> sparse.csr_matrix:
    """Unit force at each point, shared between the four nodes around it (bilinear)."""
    j = np.clip(np.floor(x).astype(int), _PAD, nx - _PAD - 2)
    i = np.clip(np.floor(y).astype(int), _PAD, ny - _PAD - 2)
    fx, fy = x - j, y - i
    values = np.stack([(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx])
    rows = np.stack([i * nx + j, i * nx + j + 1, (i + 1) * nx + j, (i + 1) * nx + j + 1])
    data = np.broadcast_to(np.arange(len(x)), values.shape)
    return sparse.csr_matrix((values.ravel(), (rows.ravel(), data.ravel())), shape=(ny * nx, len(x)))


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
    real = np.arange(ny * nx).reshape(ny, nx)[_PAD:-_PAD, _PAD:-_PAD].ravel()
    interior = ((1 - tension) * lap @ lap - tension * lap).tocsr()[real]
    system = sparse.vstack([interior, _pad_equations(ny, nx, tension)])
    forces = _forces(x + _PAD, y + _PAD, ny, nx)[real]
    forces = sparse.vstack([forces, sparse.csr_matrix((ny * nx - len(real), b))])
    data = _at_data(x + _PAD, y + _PAD, ny, nx)
    full = sparse.bmat([[system, forces], [data, None]], format="csc")
    right = np.zeros((ny * nx + b, b))
    right[ny * nx :] = np.eye(b)
    surface = splu(full).solve(right)[real]
    # u = plane(z) + spline(z - plane(z)); three data fix a plane, fewer a constant.
    there = np.stack([np.ones(b), x - x.mean(), y - y.mean()], axis=1)
    gy, gx = np.mgrid[: shape[0], : shape[1]]
    grid = np.stack([np.ones(gx.size), gx.ravel() - x.mean(), gy.ravel() - y.mean()], axis=1)
    if np.linalg.matrix_rank(there) < 3:
        there, grid = there[:, :1], grid[:, :1]
    fit = np.linalg.pinv(there)
    return surface @ (np.eye(b) - there @ fit) + grid @ fit
