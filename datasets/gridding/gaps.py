"""Grids of fields in which stations are missing: exact for every set of stations, in bounded memory."""

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from slipbench.datasets.gridding.grid import Grid
from slipbench.datasets.gridding.tension import Factored, TensionSystem
from slipbench.datasets.gridding.tension_update import TensionUpdate, Updated, candidates

#: Most memory of the tables from which a set of stations is solved; where they would need more (grids of
#: some 10,000 nodes), the equations of every set are factored.
TABLE_BYTES = 256 * 2**20
#: Most memory of what was prepared for sets of stations, kept while it is used most recently.
RECENT_BYTES = 64 * 2**20


class Gaps:
    """Splines for subsets of a network's stations.

    A set of stations is prepared once (its small linear system, or the factors of its large one) and kept
    while there is room. What is prepared depends on the set alone, so results never depend on which sets
    were seen before. Threads may share an object; a pickled one comes back without what was prepared.

    Parameters
    ----------
    grid : Grid
        Nodes, block reduction, tension.
    lon, lat : ndarray, shape (m,)
        The complete network, degrees.
    land : ndarray of bool, shape (rows, columns)
        Nodes that are wanted.

    Attributes
    ----------
    places : ndarray, shape (2, m)
        Longitudes and latitudes.
    blocks : Blocks
        Of the complete network.
    """

    def __init__(self, grid: Grid, lon: np.ndarray, lat: np.ndarray, land: np.ndarray) -> None:
        self._grid, self.places, self._land = grid, np.stack([lon, lat]), land
        self.blocks = grid.blocks(lon, lat)
        self.__setstate__({})

    def __getstate__(self) -> dict[str, Any]:
        made = ("_lock", "_solvers", "_recent", "_bytes")
        return {name: value for name, value in vars(self).items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()
        self._solvers: tuple[TensionSystem, TensionUpdate | None] | None = None
        self._recent: OrderedDict[bytes, Updated | Factored] = OrderedDict()
        self._bytes = 0

    def solvers(self) -> tuple[TensionSystem, TensionUpdate | None]:
        """The grid's equations, and the tables for small changes where they are not too large; made once."""
        with self._lock:
            if self._solvers is None:
                grid, blocks = self._grid, self.blocks
                system = TensionSystem(grid.solved_shape, grid.tension)
                nodes, around = candidates(self._corner(np.fmin), self._corner(np.fmax), system)
                kept = grid.nodes[self._land]
                fits = 8 * len(nodes) * (len(around) + len(kept)) <= TABLE_BYTES
                whole = grid.steps(blocks.lon, blocks.lat)
                self._solvers = (
                    system,
                    TensionUpdate(system, *whole, nodes, around, kept) if fits else None,
                )
            return self._solvers

    def _corner(self, pick: np.ufunc) -> np.ndarray:
        """Least or largest x and y of each block's stations, which their medians and means stay within."""
        x_y = np.stack(self._grid.steps(*self.places))[:, np.maximum(self.blocks.members, 0)]
        corner = pick.reduce(np.where(self.blocks.members < 0, np.nan, x_y), axis=-1).T
        return corner + (1e-9 if pick is np.fmax else -1e-9)

    def grid(self, there: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Values at the kept nodes, shape (n, k).

        Parameters
        ----------
        there : ndarray of bool, shape (m,)
            Stations that are not missing, at least one.
        z : ndarray, shape (n, b)
            Block values of these stations, NaN in blocks without any.
        """
        lon, lat = self.blocks.reduce(np.where(there, self.places, np.nan), self._grid.block)
        of = np.flatnonzero(~np.isnan(lon))
        prepared = self._prepared(np.packbits(there).tobytes(), *self._grid.steps(lon[of], lat[of]), of)
        if isinstance(prepared, Factored):
            return prepared.solve(z[:, of])[:, self._grid.nodes[self._land]]
        update = self.solvers()[1]
        assert update is not None
        return update.apply(prepared, z[:, of])

    def _prepared(self, key: bytes, x: np.ndarray, y: np.ndarray, of: np.ndarray) -> Updated | Factored:
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        system, update = self.solvers()
        one: Updated | Factored | None = update.solve(x, y, of) if update else None
        if one is None:
            one = system.factor(x, y)
        with self._lock:
            if key not in self._recent:
                self._recent[key] = one
                self._bytes += one.nbytes
            while self._bytes > RECENT_BYTES:
                self._bytes -= self._recent.popitem(last=False)[1].nbytes
        return one
