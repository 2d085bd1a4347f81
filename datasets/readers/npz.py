"""Arrays of an NPZ file, with one line for whatever is wrong with it."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.rows import read_bytes


def read_npz(path: Path, keys: Sequence[str], kind: str, also: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Read the arrays `keys` (all must be there) and those of `also` that are there; nothing is unpickled.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged, no NPZ, or lacks an array. `kind` says what it should be.
    """
    wanted = f"{kind}: an NPZ with {', '.join(keys)}"
    data = read_bytes(path, wanted)
    try:
        # from memory: numpy leaves a damaged file open
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            names = getattr(archive, "files", [])
            absent = [k for k in keys if k not in names]
            found = [] if absent else [*keys, *(k for k in also if k in names)]
            raw = {k: np.asarray(archive[k]) for k in found}
    except MemoryError as error:
        raise InputError(path, "an array larger than memory", wanted, "get the file again") from error
    except Exception as error:  # numpy, zipfile and zlib raise a dozen kinds on damaged bytes
        raise InputError(
            path, "not readable as NPZ (cut or damaged)", wanted, "get the file again"
        ) from error
    if absent:
        raise InputError(path, f"no array '{absent[0]}'", wanted, "get the file again")
    return raw
