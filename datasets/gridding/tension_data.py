"""How data enter the equations of the spline in tension: one changed equation at the node of each."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.gridding.tension_equations import STENCIL

#: A datum nearer to its node than this share of a step in both directions fixes the node's value.
CLOSE = 0.05


def laplacian_with_datum(dx: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


@dataclass(frozen=True)
class Placed:
    """Data at their nodes.

    The equation of node n is ``free - factor * laplacian + weights`` of the values around it, or the value
    itself where the datum is close, and its right-hand side is ``into`` times the datum.

    Parameters
    ----------
    node : ndarray of int, shape (b,)
        Nearest node of each datum, row * nx + column.
    counts : ndarray of bool, shape (b,)
        Whether the datum is the nearest of those with the same node; the others have no equation.
    close : ndarray of bool, shape (b,)
        Whether the datum fixes its node.
    weights : ndarray, shape (b, 13)
        On the `STENCIL`; zero where the datum is close.
    into : ndarray, shape (b,)
        Factor of the datum on the right-hand side.
    """

    node: np.ndarray
    counts: np.ndarray
    close: np.ndarray
    weights: np.ndarray
    into: np.ndarray


def laplacian_factor(tension: float) -> float:
    """What the equation of a node holds of the Laplacian at that very node."""
    return -(4 * (1 - tension) + tension)


def place(x: np.ndarray, y: np.ndarray, nx: int, tension: float) -> Placed:
    """Find nodes and equations of data; `x`, `y` (b,) count steps from the first node of nx columns."""
    j, i = np.floor(x + 0.5).astype(int), np.floor(y + 0.5).astype(int)
    dx, dy, node = x - j, y - i, i * nx + j
    by_distance = np.argsort(np.hypot(dx, dy), kind="stable")
    counts = np.zeros(len(x), bool)
    counts[by_distance[np.unique(node[by_distance], return_index=True)[1]]] = True
    close = (np.abs(dx) < CLOSE) & (np.abs(dy) < CLOSE)
    weights, into = np.zeros((len(x), len(STENCIL))), np.ones(len(x))
    far = np.flatnonzero(~close)
    steps, taylor = laplacian_with_datum(dx[far], dy[far])
    taylor = taylor * laplacian_factor(tension)
    weights[far, _at(0, 0)] = -taylor.sum(axis=1)
    weights[far, _at(steps[:, 1], steps[:, 0])] = taylor[:, :4].T
    into[far] = -taylor[:, 4]
    return Placed(node, counts, close, weights, into)


def _at(rows: int | np.ndarray, columns: int | np.ndarray) -> np.ndarray:
    """Numbers of steps in the `STENCIL`."""
    number = np.zeros((5, 5), int)
    number[STENCIL[:, 0] + 2, STENCIL[:, 1] + 2] = np.arange(len(STENCIL))
    return number[np.asarray(rows) + 2, np.asarray(columns) + 2]
