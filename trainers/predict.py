"""Predictions of a checkpoint on one split of a store, in physical units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.reader import SPLITS, Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.data import TARGET, content
from slipbench.trainers.inputs import Inputs
from slipbench.trainers.loader import BlockRows, Loader
from slipbench.trainers.models.registry import Network


@dataclass(frozen=True)
class Prediction:
    """Predicted and true targets.

    Parameters
    ----------
    rows : ndarray, shape (n,)
        Row numbers in the store, ascending.
    names, units : list of str
        Of the k targets.
    y_true, y_pred : ndarray, shape (n, k)
        In `units`, float64.
    calibration : mapping of ndarray, shape (n,)
        `Network.calibration` of predicted distributions.
    samples : ndarray or None, shape (n, draws, k)
        Draws of predicted distributions, in `units`, float32; None where none were asked for.
    """

    rows: np.ndarray
    names: list[str]
    units: list[str]
    y_true: np.ndarray
    y_pred: np.ndarray
    calibration: Mapping[str, np.ndarray] = field(default_factory=dict)
    samples: np.ndarray | None = None


def predict(
    checkpoint: Path,
    store: Store,
    split: str = "test",
    batch_size: int = 256,
    expect: str | None = None,
    draws: int = 0,
) -> Prediction:
    """Apply a trained network to one split; on a GPU where there is one.

    Parameters
    ----------
    checkpoint : Path
        File written by a fit.
    store : Store
        Sealed store with the network's array; not necessarily the one that it was trained on.
    split : str
        ``train``, ``validation`` or ``test``.
    batch_size : int
        Rows in one step.
    expect : str, optional
        Name of the network that the checkpoint must hold.
    draws : int
        Random draws of the predicted distribution of each row, the same ones always.

    Raises
    ------
    InputError
        When the checkpoint cannot be used, does not belong to this kind of store, or the split is empty.
    """
    if split not in SPLITS:
        raise InputError("split", f"'{split}'", f"one of {', '.join(SPLITS)}", nearest(split, SPLITS))
    module = load(checkpoint, expect)
    values = module.hparams
    found = content(store, values["model"]["model"], train=False)
    trained = [(t["name"], t["units"]) for t in values["targets"]]
    here = [(t["name"], t["units"]) for t in found.targets]
    for what, wanted, got in (
        (f"rows of '{module.array}'", *(_fixed(module.network, s) for s in (values["shape"], found.shape))),
        ("targets", ", ".join(f"{n} ({u})" for n, u in trained), ", ".join(f"{n} ({u})" for n, u in here)),
    ):
        if wanted != got:
            raise InputError(
                store.folder,
                f"{what} {got}",
                f"{wanted} as {checkpoint.name} was trained on",
                "choose its store",
            )
    inputs = Inputs(store, module.array)
    rows = BlockRows(store, (*inputs.reads, TARGET), split)
    if not rows.n_rows:
        raise InputError(store.folder, f"no {split} rows", "at least one", "build a larger dataset")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module.place(found.static)
    module.to(device)
    parts: list[tuple[np.ndarray, ...]] = []
    calibration: dict[str, list[np.ndarray]] = {}
    samples: list[np.ndarray] = []
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for *columns, y, numbers in Loader(rows, batch_size):
            x = inputs([column.to(device) for column in columns], numbers)
            outputs = module.outputs(x)
            parts.append((numbers.numpy(), y.double().numpy(), module.physical(outputs).cpu().numpy()))
            judged = module.network.calibration(outputs, module.wanted(y.to(device), outputs))
            for name, mass in judged.items():
                calibration.setdefault(name, []).append(mass.cpu().numpy())
            if draws:
                drawn = module.unscaled(module.network.sample(outputs, draws, generator))
                samples.append(drawn.float().cpu().numpy())
    order, y_true, y_pred = (np.concatenate(column) for column in zip(*parts, strict=True))
    whole = {name: np.concatenate(masses) for name, masses in calibration.items()}
    names, units = ([t[i] for t in trained] for i in (0, 1))
    drawn_all = np.concatenate(samples) if draws else None
    return Prediction(order, names, units, y_true, y_pred, whole, drawn_all)


def _fixed(network: Network, shape: Sequence[int]) -> str:
    """Row shape for people; any length may stand where there is a star."""
    return " × ".join("*" if axis in network.free_axes else str(n) for axis, n in enumerate(shape))
