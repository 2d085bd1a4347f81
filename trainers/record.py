"""The record of a fit (``fit.json``): what it gave, or that it was started."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256

RECORD, BEST, LAST = "fit.json", "best.ckpt", "last.ckpt"


@dataclass(frozen=True)
class Fit:
    """A finished fit.

    Parameters
    ----------
    checkpoint : Path
        Weights of the best epoch.
    sha256 : str
        Of the checkpoint's bytes.
    epochs, best_epoch : int
        Epochs trained, and the one (from 1) with the lowest validation loss.
    validation_loss : float
        Of the best epoch: mean squared error of the scaled targets.
    samples_per_second : float
        Training samples a second, reading included, validation not.
    parameters : int
        Trained parameters of the network.
    seconds : float
        Training and validation, over all sittings.
    history : list of dict
        ``epoch``, ``train_loss``, ``validation_loss``, ``samples_per_second``, ``learning_rate``, ``seconds``
        per epoch, and ``device_utilisation`` (0 ... 1, see `Meter`) where it can be known.
    """

    checkpoint: Path
    sha256: str
    epochs: int
    best_epoch: int
    validation_loss: float
    samples_per_second: float
    parameters: int
    seconds: float
    history: list[dict[str, Any]] = field(default_factory=list, repr=False)


def claim(out: Path, fit_hash: str) -> Fit | None:
    """The finished fit of this hash in `out`; None after noting that one is under way there.

    Raises
    ------
    InputError
        When `out` holds another fit, or a finished one whose checkpoint is missing or was changed.
    """
    path = out / RECORD
    if not path.exists():
        _write(path, fit_hash, None)
        return None
    try:
        raw = json.loads(path.read_text())
        found, result = raw["fit_hash"], raw["result"]
        fit = None if result is None else Fit(checkpoint=out / BEST, **result)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(path, "not readable", "the record of a fit", f"delete {out} to fit again") from error
    if found != fit_hash:
        raise InputError(
            out,
            f"holds fit {found[:12]}",
            f"fit {fit_hash[:12]} of this configuration",
            "choose another folder or delete this one",
        )
    if fit and (not fit.checkpoint.exists() or file_sha256(fit.checkpoint) != fit.sha256):
        raise InputError(
            fit.checkpoint, "missing or changed since its fit", fit.sha256[:12], f"delete {out} to fit again"
        )
    return fit


def finish(out: Path, fit_hash: str, fit: Fit) -> None:
    """Write the record of a finished fit; what only a resume needs is deleted."""
    values = asdict(fit)
    del values["checkpoint"]
    _write(out / RECORD, fit_hash, values)
    (out / LAST).unlink(missing_ok=True)


def _write(path: Path, fit_hash: str, result: dict[str, Any] | None) -> None:
    text = json.dumps({"fit_hash": fit_hash, "result": result}, indent=1, sort_keys=True)
    write_atomic(path, (text + "\n").encode())
