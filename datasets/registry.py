"""Registries: one file holds one recipe, model, encoder, decoder or baseline, found by discovery."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, Union

from pydantic import Field

from slipbench.datasets.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Info:
    """What is known about a registered part before it runs.

    Parameters
    ----------
    name : str
        Name used in configurations and tables.
    task : str
        ``source``, ``nowcast`` or ``any``.
    summary : str
        One line for people.
    reference : str
        Author and year of the source.
    licence : str
        SPDX name of the licence of the code or weights that it uses.
    version : int
        Raised whenever the same options would give other results; part of every stage's hash.
    needs : tuple of str
        What must be there (weights, data, a GPU).
    limits : str
        Rows, features or geometry beyond which it must not be used.
    """

    name: str
    task: str
    summary: str
    reference: str
    licence: str
    version: int = 1
    needs: tuple[str, ...] = ()
    limits: str = ""


def nearest(name: str, names: Iterable[str]) -> str:
    """The hint that follows a wrong name: the closest valid one, or all of them."""
    names = sorted(names)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"choose one of: {', '.join(names)}"


class Registry(Generic[T]):
    """Parts of one kind by name.

    Parameters
    ----------
    kind : str
        Word used in messages, such as ``decoder``.
    package : str
        Package whose modules register themselves when they are imported.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind, self.package = kind, package
        self._parts: dict[str, T] = {}
        self._infos: dict[str, Info] = {}
        self._discovered = False

    def register(self, info: Info) -> Callable[[T], T]:
        """Class decorator: files the class under ``info.name`` and sets its ``info`` attribute."""

        def keep(part: T) -> T:
            if info.name in self._parts:
                raise ValueError(f"two {self.kind}s are called {info.name!r}")
            part.info = info  # type: ignore[attr-defined]
            self._parts[info.name], self._infos[info.name] = part, info
            return part

        return keep

    def _discover(self) -> None:
        if not self._discovered:
            self._discovered = True
            package = importlib.import_module(self.package)
            for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
                importlib.import_module(f"{self.package}.{module}")

    def names(self) -> list[str]:
        """Names of all parts, sorted."""
        self._discover()
        return sorted(self._parts)

    def info(self, name: str) -> Info:
        """The metadata record of a part."""
        self.get(name)
        return self._infos[name]

    def get(self, name: str, where: object = "configuration") -> T:
        """The part called `name`.

        Raises
        ------
        InputError
            When there is none; the message names the nearest one.
        """
        self._discover()
        if name not in self._parts:
            raise InputError(
                where,
                f"unknown {self.kind} '{name}'",
                f"a registered {self.kind}",
                nearest(name, self._parts),
            )
        return self._parts[name]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        self._discover()
        return iter(sorted(self._parts.items()))

    def union(self, field: str) -> Any:
        """Type of "the options of any part": a pydantic union told apart by the literal `field`.

        Every part's class attribute ``Options`` must declare ``field: Literal["<its name>"]``.
        """
        self._discover()
        variants = tuple(part.Options for _, part in self)
        if len(variants) == 1:
            return variants[0]
        return Annotated[Union[variants], Field(discriminator=field)]  # noqa: UP007 (a run-time union)
