"""The plan of a sealed store, made again from what the store says about itself."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.store.manifest import read_manifest


def recipe_of_store(folder: Path, data: Path | None) -> Recipe:
    """Recipe with the options with which a store was built.

    Parameters
    ----------
    folder : Path
        Sealed store; only its manifest is read, so its attributes may be damaged.
    data : Path or None
        Folder of real data, which must hold the same input files as at the build.

    Raises
    ------
    InputError
        When the manifest does not say, or this version does not know the recipe or its options.
    """
    origin = read_manifest(folder).origin
    if not origin:
        raise InputError(
            folder,
            "its manifest does not say how it was built (an early version wrote it)",
            "a store of manifest version 2",
            "build it again to a new folder",
        )
    part = RECIPES.get(origin["recipe"], folder)
    try:
        options = TypeAdapter(part.Options).validate_python(origin["options"])
    except ValidationError as error:
        raise InputError(
            folder,
            f"this version's '{origin['recipe']}' has other options",
            "the options of its build",
            "use the version of slipbench that built it",
        ) from error
    return part(options, data)
