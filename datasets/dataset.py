"""Any dataset by its options: what a YAML below ``configs/datasets`` holds."""

from pathlib import Path
from typing import Any

from slipbench.datasets.recipes.base import RECIPES, Recipe

#: Options of any registered recipe, told apart by ``recipe``.
Dataset: Any = RECIPES.union("recipe")


def recipe_of(options: Any, data: Path | None) -> Recipe:
    """The recipe that `options` (an instance of one of the `Dataset` models) asks for."""
    return RECIPES.get(options.recipe)(options, data)
