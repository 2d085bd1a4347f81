"""Downloads on disk, found again by their address."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.fetch.download import Downloaded, download
from slipbench.datasets.fetch.pace import Pace
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.lock import exclusive


def fetch(
    url: str,
    target: Path,
    cache: Path,
    refresh: bool = False,
    pace: Pace | None = None,
    sha256: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Downloaded:
    """Put the file of `url` at `target`, from the cache where it is there and still what was downloaded.

    Parameters
    ----------
    url, target : str, Path
        What to get and where to put it (atomically).
    cache : Path
        Folder of the cache; a file lies below the SHA-256 of its address, with a note of its own checksum.
    refresh : bool
        Download again whatever the cache holds.
    pace, sha256, progress
        See `download`.

    Raises
    ------
    InputError
        See `download`; when another process fetches the same address.
    """
    folder = cache / hashlib.sha256(url.encode()).hexdigest()
    data, note = folder / "data", folder / "note.json"
    with exclusive(folder / "lock", url, "download"):
        kept = None if refresh else _kept(data, note)
        if kept and sha256 and kept.sha256 != sha256.lower():
            kept = None
        if kept is None:
            note.unlink(missing_ok=True)
            kept = download(url, data, pace, sha256, progress)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            text = {"url": url, "sha256": kept.sha256, "bytes": kept.size, "fetched": now}
            write_atomic(note, json.dumps(text, indent=1).encode())
        _copy(data, target)
    return kept


def _kept(data: Path, note: Path) -> Downloaded | None:
    try:
        known = json.loads(note.read_text())
        if data.stat().st_size != known["bytes"] or file_sha256(data) != known["sha256"]:
            return None
        return Downloaded(known["sha256"], known["bytes"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _copy(data: Path, target: Path) -> None:
    if target.is_dir():
        raise InputError(target, "a folder is in the way", "a free name", "remove it or choose another --out")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as folder:
        shutil.copyfile(data, Path(folder) / "data").replace(target)
