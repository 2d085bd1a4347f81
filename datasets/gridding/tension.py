"""Continuous-curvature spline in tension on a regular grid (Smith and Wessel 1990), for any data on it.

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

from slipbench.datasets.gridding.tension_data import laplacian_factor, place
from slipbench.datasets.gridding.tension_equations import PAD, STENCIL, laplacian, pad_equations


class Plane:
    """The best-fitting plane of data, or their mean where they do not fix a plane.

    Parameters
    ----------
    x, y : ndarray, shape (b,)
        Data positions.

    Attributes
    ----------
    fit : ndarray, shape (3 or 1, b)
        From data to the plane's terms.
    at_data : ndarray, shape (b, 3 or 1)
        The terms at the data: 1, and x and y from their mean.
    centre : tuple of float
        That mean.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.centre = x.mean(), y.mean()
        self.at_data = self._terms(x, y)
        self._n = 3 if np.linalg.matrix_rank(self.at_data) == 3 else 1
        self.at_data = self.at_data[:, : self._n]
        self.fit = np.linalg.pinv(self.at_data)

    def _terms(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.stack([np.ones(len(x)), x - self.centre[0], y - self.centre[1]], axis=1)

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The terms at other places, shape (n, 3 or 1)."""
        return self._terms(x, y)[:, : self._n]


class TensionSystem:
    """The spline's equations on a grid, for any data.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the grid.
    tension : float
        T, 0 (minimum curvature) to below 1.

    Attributes
    ----------
    ny, nx : int
        Rows and columns with the rings outside.
    real : ndarray of int, shape (rows * columns,)
        Numbers of the grid's nodes among all (ny * nx).
    free : csr_matrix
        Equations without data, of all nodes.
    """

    def __init__(self, shape: tuple[int, int], tension: float) -> None:
        self.shape, self.tension = shape, tension
        self.ny, self.nx = shape[0] + 2 * PAD, shape[1] + 2 * PAD
        self.real = np.arange(self.ny * self.nx).reshape(self.ny, self.nx)[PAD:-PAD, PAD:-PAD].ravel()
        self.laplacian = laplacian(self.ny, self.nx)
        self.free = (1 - tension) * self.laplacian @ self.laplacian - tension * self.laplacian
        self._pads = pad_equations(self.ny, self.nx, tension)

    def factor(self, x: np.ndarray, y: np.ndarray) -> "Factored":
        """Factor the equations with data at `x`, `y` (b,), in grid steps from the grid's first node.

        Without tension, two data or data on a line do not determine a surface; one of many comes out.

        Raises
        ------
        ValueError
            Fewer than one datum, or two data in one place.
        """
        if not len(x) or len(np.unique(np.stack([x, y]), axis=1).T) < len(x):
            raise ValueError("the data must lie in distinct places")
        return Factored(self, x, y)

    def with_data(self, x: np.ndarray, y: np.ndarray) -> tuple[sparse.csc_matrix, sparse.csr_matrix]:
        """The system of all nodes, and the matrix from data to right-hand sides."""
        n, placed = self.ny * self.nx, place(x + PAD, y + PAD, self.nx, self.tension)
        datum = np.flatnonzero(placed.counts)
        datum = datum[np.argsort(placed.node[datum])]
        node, close = placed.node[datum], placed.close[datum]
        factor, free = np.zeros(n), np.ones(n)
        factor[node[~close]] = laplacian_factor(self.tension)
        free[node[close]] = 0
        columns = node[:, None] + STENCIL @ [self.nx, 1]
        entries = placed.weights[datum].ravel(), (np.repeat(node, len(STENCIL)), columns.ravel())
        system = (
            sparse.diags(free) @ self.free
            - sparse.diags(factor) @ self.laplacian
            + sparse.csr_matrix(entries, shape=(n, n))
            + sparse.diags(1 - free)
        ).tocsr()
        into = sparse.csr_matrix((placed.into[datum], (node, datum)), shape=(n, len(x)))
        return sparse.vstack([system[self.real], self._pads], format="csc"), into[self.real]


class Factored:
    """The spline through given data places, factored: made by `TensionSystem.factor`."""

    def __init__(self, system: TensionSystem, x: np.ndarray, y: np.ndarray) -> None:
        self._of, self._n = system, len(x)
        matrix, self._into = system.with_data(x, y)
        self._lu = splu(matrix)
        self.plane = Plane(x, y)
        gy, gx = np.mgrid[: system.shape[0], : system.shape[1]]
        self._plane_at_nodes = self.plane.at(gx.ravel(), gy.ravel())

    @property
    def nbytes(self) -> int:
        """Memory of the factors, about."""
        return 12 * self._lu.nnz

    def green(self, right: np.ndarray) -> np.ndarray:
        """All nodes' values (ny * nx, k) for right-hand sides (rows * columns, k) at the grid's nodes."""
        full = np.zeros((self._lu.shape[0], right.shape[1]))
        full[: len(right)] = right
        return self._lu.solve(full)

    def operator(self) -> np.ndarray:
        """The matrix from data to grid values, shape (rows * columns, b)."""
        surface = self.green(self._into.toarray())[self._of.real]
        plane = self.plane
        return surface @ (np.eye(self._n) - plane.at_data @ plane.fit) + self._plane_at_nodes @ plane.fit

    def solve(self, z: np.ndarray) -> np.ndarray:
        """Grid values (k, rows * columns) of data values (k, b)."""
        terms = z @ self.plane.fit.T
        right = self._into @ (z - terms @ self.plane.at_data.T).T
        return self.green(right)[self._of.real].T + terms @ self._plane_at_nodes.T


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
    return TensionSystem(shape, tension).factor(x, y).operator()
