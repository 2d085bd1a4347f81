"""Samples of a store, whether it holds them or what they are made from."""

from typing import Any

import numpy as np

from slipbench.datasets.recipes.base import RECIPES, Synthesiser
from slipbench.datasets.store.reader import Store


def virtual_arrays(store: Store) -> dict[str, dict[str, Any]]:
    """``shape`` of a row, ``units`` and ``about`` of what can be made from a virtual store; else empty."""
    found: dict[str, dict[str, Any]] = store.attrs.get("virtual", {}).get("arrays", {})
    return found


def synthesiser_of(store: Store) -> Synthesiser:
    """What makes the samples of a virtual store.

    Raises
    ------
    InputError
        When the store's recipe is unknown or has no virtual form.
    """
    return RECIPES.get(store.attrs["recipe"], where=store.folder).synthesiser(store)


def read_view(store: Store, name: str, rows: slice) -> np.ndarray:
    """Rows of an array that is stored, or that is made here, on the CPU."""
    if name not in virtual_arrays(store):
        return store.read(name, rows)
    import torch

    maker = synthesiser_of(store)
    inputs = {key: torch.from_numpy(store.read(key, rows)) for key in maker.reads}
    return maker(name, torch.arange(len(store))[rows], inputs).numpy()
