"""slipbench itself as a part of a job, for a head that has another version, or only what it depends on."""

import zipfile
from pathlib import Path

from slipbench.datasets.errors import InputError


def unpack(wheel: Path, to: Path) -> list[Path]:
    """The folders of a wheel, each of which Ray puts on the import path of the job.

    Given the wheel as it is, Ray would install all that it depends on again on every node. Unpacked, the
    dependencies are those of the head.

    Parameters
    ----------
    wheel : Path
        Such as ``pip wheel --no-deps .`` makes.
    to : Path
        Empty folder for its contents.

    Raises
    ------
    InputError
        When it is no wheel of slipbench.
    """
    where, expected = f"--wheel {wheel}", "a wheel of slipbench"
    todo = "make one with pip wheel --no-deps ."
    try:
        with zipfile.ZipFile(wheel) as file:
            file.extractall(to)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(where, f"cannot be read ({error})", expected, todo) from error
    found = [*to.glob("slipbench"), *to.glob("slipbench-*.dist-info")]
    if len(found) != 2:
        raise InputError(where, "holds another package", expected, todo)
    return found
