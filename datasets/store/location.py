"""Where a store lives: a URI resolved to a folder."""

from pathlib import Path
from urllib.parse import unquote, urlparse

from slipbench.datasets.errors import InputError


def local_folder(uri: str | Path) -> Path:
    """Folder of a plain path or a ``file://`` URI.

    Raises
    ------
    InputError
        For any other scheme.
    """
    text = str(uri)
    parsed = urlparse(text)
    if "://" not in text:
        return Path(text).expanduser().absolute()
    if parsed.scheme == "file" and parsed.netloc in ("", "localhost"):
        return Path(unquote(parsed.path))
    raise InputError(
        text,
        f"scheme '{parsed.scheme}://' is not supported",
        "a path or a file:// URI",
        "build to local disk",
    )
