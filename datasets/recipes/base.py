"""What every dataset recipe offers, and the registry that finds it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import Field

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.errors import InputError
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info, Registry
from slipbench.datasets.store.manifest import Manifest
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.reader import Store

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, device


class Synthesiser(Protocol):
    """Makes the samples of a virtual store on a device; a torch module."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Row arrays of the store that the samples are made from."""

    def shape(self, array: str) -> tuple[int, ...]:
        """Shape of one row of a representation."""

    def fresh(self, n: int, draw: int) -> "Mapping[str, np.ndarray]":
        """New values of `reads` and ``target`` for `n` rows, drawn as those of the store were.

        They follow from the store's seed, the row and `draw` (from 1 on); no stored row has them.
        """

    def to(self, where: "device") -> "Synthesiser":
        """Move it."""

    def __call__(self, array: str, rows: "Tensor", inputs: Mapping[str, "Tensor"], draw: int = 0) -> "Tensor":
        """A representation of the rows with these numbers and `reads`; draw 0 is the rows' own noise."""


class RecipeOptions(Options):
    """Options that every recipe has; a recipe adds ``recipe: Literal["<its name>"]`` and its own."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the dataset in paths and tables")
    seed: int = Field(0, ge=0, description="root of all random streams of the store")
    rows_per_shard: int = Field(256, ge=1, description="samples in one shard, the unit of work")


class Recipe(ABC):
    """A way to make a store.

    Parameters
    ----------
    options : RecipeOptions
        Validated options, an instance of the class attribute `Options`.
    data : Path or None
        Folder of real data (``SLIPBENCH_DATA``), or None when there is none.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[RecipeOptions]]

    def __init__(self, options: Any, data: Path | None) -> None:
        self.options, self.data = options, data

    @abstractmethod
    def layout(self) -> Plan:
        """Read and check the inputs and lay out the store; raises InputError for unusable input."""

    def plan(self) -> Plan:
        """The same plan, to the last bit, on any number of cores; raises what `layout` raises."""
        with one_blas_thread():
            return self.layout()

    def appended_to(self, old: Manifest) -> "Recipe":
        """The recipe that gives the store of `old` with as many samples as these options ask for.

        Raises
        ------
        InputError
            When that is impossible, as it is for recipes that do not override this.
        """
        raise InputError(
            self.options.name,
            f"a store of recipe '{self.info.name}' cannot grow",
            "a recipe whose samples do not depend on each other, such as source_synthetic",
            "build to a new folder",
        )

    @staticmethod
    def synthesiser(store: Store) -> Synthesiser:
        """What makes the samples of a virtual store (``virtual`` among its attributes), from the store alone.

        Raises
        ------
        InputError
            When the recipe has no virtual form, as those that do not override this.
        """
        raise InputError(
            store.folder, "samples cannot be made from it", "a store that holds them", "build its stored form"
        )

    @staticmethod
    @abstractmethod
    def plot(store: Store, path: Path) -> None:
        """Draw the store's card picture (PNG): a few samples with units and colour scales."""


RECIPES: Registry[type[Recipe]] = Registry("dataset recipe", "slipbench.datasets.recipes")
