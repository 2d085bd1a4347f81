"""Files that are either whole or absent, whenever the process dies."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_file(path: Path, sync: bool = True) -> Iterator[BinaryIO]:
    """A new file that takes the name `path` when the block ends well, and vanishes otherwise.

    Parameters
    ----------
    path : Path
        Its final name; the temporary one, ``.NAME.*.partial``, is in the same folder.
    sync : bool
        Wait until the disk has the bytes, so that a power cut cannot take them back.
    """
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
    """Write `data` to `path` through a temporary file in the same folder and one rename."""
    with atomic_file(path) as f:
        f.write(data)
