"""Folders on disks and in object stores, by URI.

A folder of an object store is a `UPath`, which has the methods of a `pathlib.Path` that are used here. Two
things differ. An object is written by one upload, so it is whole or absent without a rename. And there are no
locks: what several processes write at once must be the same bytes, as shards, records and manifests are.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, cast
from urllib.parse import unquote, urlparse

from slipbench.datasets.errors import InputError

#: URI scheme to what must be installed for it. Credentials come from the environment or profiles, as each
#: library reads them, never from a URI or a configuration.
SCHEMES = {"s3": "s3fs (pip install 'slipbench[s3]')", "memory": "fsspec"}
#: Listings must be those of now: other processes write as well.
_OPTIONS: dict[str, dict[str, Any]] = {"s3": {"use_listings_cache": False}}


def folder_of(uri: str | Path) -> Path:
    """Folder of a plain path or of a ``file://``, ``s3://`` or ``memory://`` URI.

    Raises
    ------
    InputError
        For any other scheme, one whose library is missing, credentials in the URI, and a bucket that is not
        there or does not let us in.
    """
    if not isinstance(uri, str | PurePath):  # of an object store already
        return uri
    text = str(uri)
    parsed = urlparse(text)
    if "://" not in text:
        return Path(text).expanduser().absolute()
    if parsed.scheme == "file" and parsed.netloc in ("", "localhost"):
        return Path(unquote(parsed.path))
    if parsed.scheme not in SCHEMES:
        raise InputError(
            text,
            f"scheme '{parsed.scheme}://' is not supported",
            f"a path or a URI of file, {', '.join(SCHEMES)}",
            "choose another place",
        )
    if "@" in parsed.netloc or parsed.query:
        raise InputError(
            f"{parsed.scheme}://…",
            "the URI holds credentials or options",
            "credentials in the environment or a profile",
            "take them out",
        )
    from upath import UPath

    try:
        found = UPath(text.rstrip("/"), **_OPTIONS.get(parsed.scheme, {}))
        if parsed.scheme != "memory":
            found.fs.info(parsed.netloc)
    except ImportError as error:
        raise InputError(text, "its library is missing", SCHEMES[parsed.scheme], "install it") from error
    except Exception as error:  # each library has its own
        raise InputError(
            text,
            f"cannot be reached ({type(error).__name__}: {' '.join(str(error).split())[:120]})",
            "a bucket that is there, and credentials for it in the environment or a profile",
            "check both",
        ) from error
    return cast(Path, found)


def is_local(path: Path) -> bool:
    """Whether a path is on a disk, and not in an object store."""
    return isinstance(path, PurePath)


def make_folder(folder: Path) -> None:
    """Make a folder with those above it; object stores have none to make."""
    if is_local(folder):
        folder.mkdir(parents=True, exist_ok=True)


def remove_folder(folder: Path) -> None:
    """Delete a folder and everything in it, or what is there of it."""
    if is_local(folder):
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists():
        _remote(folder).fs.rm(_remote(folder).path, recursive=True)


def move(source: Path, target: Path) -> None:
    """Give a file another place in the same storage; the target is the old or the new file at any time."""
    make_folder(target.parent)
    if is_local(target):
        os.replace(source, target)
    else:
        target.write_bytes(source.read_bytes())
        source.unlink()


def copy(source: Path, target: Path) -> None:
    """A second file with the same bytes; the target is whole or absent at any time."""
    make_folder(target.parent)
    if is_local(target):
        part = target.with_name(f".{target.name}.partial")
        shutil.copyfile(source, part)
        os.replace(part, target)
    else:
        target.write_bytes(source.read_bytes())


def files_below(folder: Path) -> Iterator[tuple[str, int]]:
    """Every file below a folder: its path relative to it, and its bytes; sorted by the path."""
    if is_local(folder):
        paths = sorted(p for p in folder.rglob("*") if p.is_file())
        yield from ((p.relative_to(folder).as_posix(), p.stat().st_size) for p in paths)
        return
    root = _remote(folder).path.rstrip("/") + "/"
    for path, facts in sorted(_remote(folder).fs.find(root, detail=True).items()):
        yield path.removeprefix(root), int(facts["size"])


def zarr_place(folder: Path, read_only: bool = False) -> Any:
    """The Zarr store of a folder."""
    from zarr.storage import FsspecStore, LocalStore

    if is_local(folder):
        return LocalStore(folder, read_only=read_only)
    options = _OPTIONS.get(_remote(folder).protocol, {})
    return FsspecStore.from_url(str(folder), storage_options=options, read_only=read_only)


def _remote(folder: Path) -> Any:
    return folder
