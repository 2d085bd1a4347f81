"""The spline in tension for data that have partly moved or gone, from the complete network's own.

When stations are missing, the positions of their blocks move or go, and only the equations of those blocks'
nodes differ from the complete network's system A. With G = A^-1 at the nodes where data can ever lie, the
changed system A + E D (E picks the changed equations, D holds the changes) is solved by the formula of
Sherman, Morrison and Woodbury: exactly, by a linear system as small as the number of changes, without a
factorisation of the grid's.
"""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.gridding.tension import Plane, TensionSystem
from slipbench.datasets.gridding.tension_data import Placed, laplacian_factor, place
from slipbench.datasets.gridding.tension_equations import PAD, STENCIL, at_stencil

_COLUMNS = 128  # right-hand sides at once


@dataclass(frozen=True)
class Updated:
    """One set of data: values @ `coefficients` @ table[`columns`] are the values at the kept nodes.

    Parameters
    ----------
    coefficients : ndarray, shape (b, u)
        From data values to weights of rows of the table.
    rows : ndarray of int, shape (u,)
        Those rows.
    """

    coefficients: np.ndarray
    rows: np.ndarray

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        return self.coefficients.nbytes + self.rows.nbytes


def candidates(low: np.ndarray, high: np.ndarray, system: TensionSystem) -> tuple[np.ndarray, np.ndarray]:
    """Nodes whose equations data may change, and all nodes of these equations.

    Parameters
    ----------
    low, high : ndarray, shape (b, 2)
        Corners (x, y) of the rectangles that data stay in, grid steps.
    system : TensionSystem
        The grid.
    """
    first, last = np.floor(low + 0.5).astype(int) + PAD, np.floor(high + 0.5).astype(int) + PAD
    held = np.zeros((system.ny, system.nx), bool)
    for (j0, i0), (j1, i1) in zip(first, last, strict=True):
        held[i0 : i1 + 1, j0 : j1 + 1] = True
    nodes = np.flatnonzero(held)
    return nodes, np.unique(nodes[:, None] + STENCIL @ [system.nx, 1])


class TensionUpdate:
    """Solves for changed data.

    Parameters
    ----------
    system : TensionSystem
        The grid.
    x, y : ndarray, shape (b,)
        The complete network's data, grid steps.
    nodes, around : ndarray of int, shapes (c,) and (s,)
        From `candidates`.
    kept : ndarray of int, shape (k,)
        Nodes (row * columns + column) whose values are wanted.

    Attributes
    ----------
    table : ndarray, shape (c + 3, k)
        Green's functions of the c nodes where data may lie, at the kept nodes; then 1, x and y there.
    near : ndarray, shape (c, s)
        The same Green's functions at all nodes of the c nodes' equations.
    row_of, column_of : ndarray of int
        From a node's number to its row and column of `near`, -1 where it has none.
    whole : Placed
        The complete network's data.
    free, laplacian : ndarray, shape (13,)
        A node's equation without data and its Laplacian, on the `STENCIL`.
    middle : tuple of float
        What x and y in the table count from, grid steps.
    """

    def __init__(
        self,
        system: TensionSystem,
        x: np.ndarray,
        y: np.ndarray,
        nodes: np.ndarray,
        around: np.ndarray,
        kept: np.ndarray,
    ) -> None:
        self._system, self._x, self._y = system, x, y
        self.middle = system.shape[1] / 2, system.shape[0] / 2
        self.row_of, self.column_of = (_numbers(n, system.ny * system.nx) for n in (nodes, around))
        self.near, self.table = np.empty((len(nodes), len(around))), np.ones((len(nodes) + 3, len(kept)))
        factored = system.factor(x, y)
        equation = _numbers(system.real, system.ny * system.nx)[nodes]
        for k in range(0, len(nodes), _COLUMNS):
            some = equation[k : k + _COLUMNS]
            right = np.zeros((len(system.real), len(some)))
            right[some, np.arange(len(some))] = 1
            green = factored.green(right)
            self.near[k : k + _COLUMNS] = green[around].T
            self.table[k : k + len(some)] = green[system.real[kept]].T
        self.table[-2], self.table[-1] = kept % system.shape[1], kept // system.shape[1]
        self.table[-2:] -= np.array(self.middle)[:, None]
        self.whole = self._place(x, y)
        self._step = STENCIL @ [system.nx, 1]
        self.free, self.laplacian = (
            at_stencil(m, system.ny, system.nx) for m in (system.free, system.laplacian)
        )
        self._changes = self.change(self.whole)

    @property
    def nbytes(self) -> int:
        """Memory of the tables."""
        return self.table.nbytes + self.near.nbytes

    def _place(self, x: np.ndarray, y: np.ndarray) -> Placed:
        return place(x + PAD, y + PAD, self._system.nx, self._system.tension)

    def change(self, placed: Placed) -> np.ndarray:
        """What data add to the free equations of their nodes, on the stencil, shape (b, 13)."""
        fixed = (STENCIL == 0).all(axis=1) - self.free
        pulled = placed.weights - laplacian_factor(self._system.tension) * self.laplacian
        return np.where(placed.close[:, None], fixed, pulled)

    def solve(self, x: np.ndarray, y: np.ndarray, of: np.ndarray) -> Updated | None:
        """Prepare other data; None for several data that fix no plane, which can be badly conditioned.

        Parameters
        ----------
        x, y : ndarray, shape (k,)
            Their positions, each inside its rectangle.
        of : ndarray of int, shape (k,)
            The complete network's datum that each of them replaces; data that are replaced by none are gone.
        """
        plane = Plane(x, y)
        if len(plane.fit) < min(3, len(x)):
            return None
        terms = np.zeros((len(x), 3))
        terms[:, : len(plane.fit)] = plane.fit.T
        shift = self.middle[0] - plane.centre[0], self.middle[1] - plane.centre[1]
        terms[:, 0] += shift[0] * terms[:, 1] + shift[1] * terms[:, 2]
        last = np.arange(len(self.table) - 3, len(self.table))
        if len(x) == len(plane.fit):  # nothing is left of the data beside their plane
            return Updated(terms, last)
        new, old = self._place(x, y), self.whole
        same = (x == self._x[of]) & (y == self._y[of]) & (new.counts == old.counts[of])
        stays = np.zeros(len(self._x), bool)
        stays[of] = same
        taken = np.flatnonzero(old.counts & ~stays)  # equations that are freed
        used = np.flatnonzero(new.counts)
        added = np.flatnonzero(~same[used])  # among those used
        nodes = np.concatenate([new.node[used], old.node[taken]])
        rows = self.row_of[nodes]
        # Changed equations: the added ones, then the freed.
        changed = np.concatenate([added, np.arange(len(used), len(nodes))])
        changes = np.concatenate([self.change(new)[used[added]], -self._changes[taken]])
        around = self.column_of[nodes[changed][:, None] + self._step]
        values = self.near[rows].take(around, axis=1)  # (nodes, changed, stencil)
        seen = np.einsum("usk,sk->su", values, changes)
        load = seen[:, : len(used)] * new.into[used]
        correction = np.linalg.solve(np.eye(len(changed)) + seen[:, changed], load)
        weights = np.zeros((len(x), len(nodes)))
        weights[used, np.arange(len(used))] = new.into[used]
        weights[used[:, None], changed] -= correction.T
        weights -= plane.fit.T @ (plane.at_data.T @ weights)
        return Updated(np.concatenate([weights, terms], axis=1), np.concatenate([rows, last]))

    def apply(self, updated: Updated, z: np.ndarray) -> np.ndarray:
        """Values at the kept nodes, shape (n, k), of data values (n, b)."""
        return (z @ updated.coefficients) @ self.table[updated.rows]


def _numbers(of: np.ndarray, n: int) -> np.ndarray:
    """Where each of n nodes is in the list `of`, -1 where it is not."""
    number = np.full(n, -1)
    number[of] = np.arange(len(of))
    return number
