"""Input files of recipes: named below the data folder, or by a path of their own."""

from pathlib import Path

from slipbench.datasets.errors import InputError


def data_file(data: Path | None, name: str, key: str) -> tuple[Path, str]:
    """Path of an input file, and the name that the store keeps for it.

    Parameters
    ----------
    data : Path or None
        Folder of real data.
    name : str
        Path below it, or an absolute path (``~`` is the home folder), of which only the file's name is kept.
    key : str
        Option that asks for it, for the messages.

    Raises
    ------
    InputError
        When there is no data folder or no such file.
    """
    own = Path(name).expanduser()
    if own.is_absolute():
        path, kept = own, own.name
    elif data is None:
        raise InputError(
            key,
            "needs real data, and there is no data folder",
            name,
            "set SLIPBENCH_DATA to the data folder",
        )
    else:
        path, kept = data / own, own.as_posix()
    if not path.is_file():
        raise InputError(
            path, f"no such file ({key} needs it)", kept, "correct the name or set SLIPBENCH_DATA"
        )
    return path, kept
