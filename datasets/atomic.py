"""Files that are either whole or absent, whenever the process dies."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from slipbench.datasets.location import is_local


@contextmanager
def atomic_file(path: Path, sync: bool = True) -> Iterator[BinaryIO]:
    """A new file that takes the name `path` when the block ends well, and vanishes otherwise.

    Parameters
    ----------
    path : Path
        Its final name; the temporary one, ``.NAME.*.partial``, is in the same folder. In an object store the
        file is kept in memory and uploaded at the end.
    sync : bool
        Wait until the disk has the bytes, so that a power cut cannot take them back.
    """
    if not is_local(path):
        kept = BytesIO()
        yield kept
        path.write_bytes(kept.getvalue())
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(fd, "wb") as f:
            yield f
            f.flush()
            if sync:
                os.fsync(f.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` as a whole."""
    with atomic_file(path) as f:
        f.write(data)
