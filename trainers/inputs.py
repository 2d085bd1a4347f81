"""What a network reads of a store: an array that is there, or one that is made on the network's device."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from slipbench.datasets.recipes.base import Synthesiser
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import synthesiser_of, virtual_arrays


class Inputs:
    """The input of a network, whether the store holds it or what it is made from.

    Parameters
    ----------
    store : Store
        Sealed store.
    array : str
        Array that the network reads.
    """

    def __init__(self, store: Store, array: str) -> None:
        self.array = array
        self._maker: Synthesiser | None = synthesiser_of(store) if is_made(store, array) else None
        self._n_rows = len(store)
        self._drawn: tuple[int, Mapping[str, Tensor]] = (0, {})

    @property
    def reads(self) -> tuple[str, ...]:
        """Row arrays of the store that batches must hold."""
        return self._maker.reads if self._maker else (self.array,)

    def __call__(self, columns: Sequence[Tensor], rows: Tensor, draw: int = 0) -> Tensor:
        """The input of some rows.

        Parameters
        ----------
        columns : sequence of Tensor
            The rows of each of `reads`, on the device of the network.
        rows : Tensor of int64, shape (n,)
            Row numbers in the store.
        draw : int
            Which noise an array that is made gets; 0 is the rows' own.
        """
        if self._maker is None:
            return columns[0]
        device = columns[0].device
        inputs = dict(zip(self._maker.reads, columns, strict=True))
        return self._maker.to(device)(self.array, rows.to(device), inputs, draw)

    def fresh(self, names: Sequence[str], rows: Tensor, draw: int) -> list[Tensor]:
        """New values of row arrays of a virtual store in the place of the stored ones.

        Parameters
        ----------
        names : sequence of str
            Some of `reads` and ``target``.
        rows : Tensor of int64, shape (n,)
            Row numbers in the store; the values are on the device that they are on.
        draw : int
            Which values, from 1 on.
        """
        assert self._maker is not None
        if self._drawn[0] != draw:
            drawn = self._maker.fresh(self._n_rows, draw)
            self._drawn = (draw, {k: torch.from_numpy(v).to(rows.device) for k, v in drawn.items()})
        return [self._drawn[1][name][rows] for name in names]


def is_made(store: Store, array: str) -> bool:
    """Whether an array is not stored but made."""
    return array in virtual_arrays(store)


def row_shape(store: Store, array: str) -> tuple[int, ...]:
    """Shape of one row of an array that is stored or made."""
    return tuple(
        virtual_arrays(store)[array]["shape"] if is_made(store, array) else store.array(array).shape[1:]
    )
