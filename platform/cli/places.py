"""Where the commands that fit noise read and write."""

import re
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.platform.settings import settings


def places(to: Path, figure: Path | None) -> tuple[Path, Path]:
    """Absolute paths of YAML and figure, checked before anything is read."""
    from slipbench.datasets.noise.fit_file import NAME

    to = to.expanduser().absolute()
    drawn = figure.expanduser().absolute() if figure else to.with_suffix(".png")
    for option, path, suffixes in (("--out", to, (".yaml", ".yml")), ("--figure", drawn, (".png",))):
        if path.suffix not in suffixes:
            raise InputError(f"{option} {path.name}", "another kind of file", suffixes[0], "name it so")
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else "its folder does not exist"
            raise InputError(f"{option} {path}", what, "a file in a folder", "make the folder first")
    if not re.fullmatch(NAME, to.stem):
        raise InputError(
            f"--out {to.name}",
            "its name becomes the name of the fit",
            "small letters, digits, _ and -",
            "rename it",
        )
    return to, drawn


def find(name: str) -> tuple[Path, str]:
    """The file, here or in the data folder, and its name in provenance."""
    data, path = settings().data, Path(name).expanduser()
    if not path.exists() and data and (data / name).is_file():
        path = data / name
    if data and path.resolve().is_relative_to(data.resolve()):
        return path, path.resolve().relative_to(data.resolve()).as_posix()
    return path, path.name
