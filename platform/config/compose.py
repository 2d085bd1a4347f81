"""YAML files composed into one plain mapping, with a record of which file every key came from.

A file may start with a ``defaults:`` list. Each item names another file, relative to the file it stands
in: a plain path is merged at the root, a one-key mapping ``{dotted.key: path}`` at that key, and
``path#dotted.key`` takes only that mapping of the named file. Later items win over earlier ones, the file
itself over all of them, overrides (``a.b=3``) over everything. Mappings are merged key by key; lists and
values are replaced. ``${oc.env:NAME}`` and ``${oc.env:NAME,default}`` read the environment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest

COMMAND_LINE = "command line"


@dataclass
class Composed:
    """A composed configuration.

    Parameters
    ----------
    path : Path
        File that was asked for.
    values : dict
        Plain values with every interpolation resolved.
    origins : dict
        Dotted key to the file (or ``command line``) that set it last.
    """

    path: Path
    values: dict[str, Any]
    origins: dict[tuple[str, ...], str] = field(default_factory=dict)

    def origin(self, key: Sequence[str]) -> str:
        """Who set `key`, else something below it, else what is nearest above it."""
        wanted = tuple(key)
        below = [name for k, name in self.origins.items() if wanted and k[: len(wanted)] == wanted]
        above = [
            self.origins[wanted[:n]] for n in range(len(wanted) - 1, 0, -1) if wanted[:n] in self.origins
        ]
        return self.origins.get(wanted) or next(iter([*below, *above]), str(self.path))


def compose(path: Path, overrides: Sequence[str] = ()) -> Composed:
    """Read a YAML file with its defaults and overrides.

    Parameters
    ----------
    path : Path
        The file.
    overrides : sequence of str
        ``dotted.key=value`` items, values written as YAML.

    Raises
    ------
    InputError
        For a missing or unreadable file, a cycle of defaults, a missing environment variable or an
        override that cannot be read.
    """
    origins: dict[tuple[str, ...], str] = {}
    merged = _read(path, (), origins)
    for item in overrides:
        key, value = _override(item)
        merged = _merge(merged, _nested(key, value), COMMAND_LINE, item)
        _record(origins, key, value, COMMAND_LINE)
    return Composed(path, _resolve(path, merged), origins)


def _read(path: Path, trail: tuple[Path, ...], origins: dict[tuple[str, ...], str]) -> DictConfig:
    here = path.resolve()
    if here in trail:
        loop = " -> ".join(p.name for p in (*trail[trail.index(here) :], here))
        raise InputError(path, f"defaults form a cycle ({loop})", "a tree of files", "remove one of them")
    config = _load(path, trail[-1] if trail else None)
    defaults = config.pop("defaults", None)
    defaults = OmegaConf.to_container(defaults) if OmegaConf.is_config(defaults) else defaults or []
    if not isinstance(defaults, list):
        raise InputError(f"{path}: defaults", "is no list", "a list of files", "write '- file.yaml' items")
    merged: Any = OmegaConf.create({})
    for item in defaults:
        key, target = _default(path, item)
        target, _, inner = target.partition("#")
        found: dict[tuple[str, ...], str] = {}
        part = _read((path.parent / target), (*trail, here), found)
        if inner:
            part, found = _part(path, target, inner, part, found)
        merged = _merge(merged, _nested(key, part), str(path), "defaults")
        origins.update({(*key, *k): v for k, v in found.items()})
    _record(origins, (), OmegaConf.to_container(config, resolve=False), str(path))
    return _merge(merged, config, str(path), "this file")


def _part(
    path: Path, target: str, inner: str, config: DictConfig, origins: dict[tuple[str, ...], str]
) -> tuple[DictConfig, dict[tuple[str, ...], str]]:
    """The mapping at the dotted key `inner` of a file that was read, with the origins below it."""
    key = tuple(inner.split("."))
    for name in key:
        if name not in config or not isinstance(config[name], DictConfig):
            mappings = [str(k) for k in config if isinstance(config[k], DictConfig)]
            todo = nearest(name, mappings) if mappings else "take what is above it"
            raise InputError(f"{path}: defaults", f"{target} has no mapping '{inner}'", "a key of it", todo)
        config = config[name]
    n = len(key)
    return config, {k[n:]: v for k, v in origins.items() if k[:n] == key and len(k) > n}


def _load(path: Path, parent: Path | None) -> DictConfig:
    if not path.is_file():
        what = "no such file" if not path.exists() else "not a file"
        todo = f"correct the defaults of {parent}" if parent else "check the path"
        raise InputError(path, what, "a YAML file", todo)
    try:
        config = OmegaConf.load(path)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(
            f"{path}{line}", error.problem or "not readable", "YAML", "correct the file"
        ) from error
    except (UnicodeDecodeError, OSError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise InputError(path, f"not readable ({_first(error)})", "YAML text", "correct the file") from error
    if not isinstance(config, DictConfig):
        raise InputError(path, "holds no mapping", "'key: value' lines", "correct the file")
    return config


def _default(path: Path, item: Any) -> tuple[tuple[str, ...], str]:
    if isinstance(item, str):
        return (), item
    if isinstance(item, dict) and len(item) == 1:
        (key, target), *_ = item.items()
        if isinstance(target, str):
            return tuple(str(key).split(".")), target
    raise InputError(
        f"{path}: defaults", f"item {item}", "a path or one 'key: path' pair", "write one of the two"
    )


def _override(item: str) -> tuple[tuple[str, ...], Any]:
    key, equals, text = item.partition("=")
    parts = tuple(key.strip().split("."))
    if not equals or not all(parts):
        raise InputError(
            f"argument '{item}'", "not an override", "key=value with a dotted key", "write for example seed=3"
        )
    try:
        # OmegaConf's own loader, so that 1e-3 means the same here and in a file
        value = OmegaConf.to_container(OmegaConf.create(f"value: {text}"), resolve=False)
    except (yaml.YAMLError, OmegaConfBaseException) as error:
        raise InputError(
            f"argument '{item}'",
            f"'{text}' is not a YAML value",
            "a number, word, list or mapping",
            "quote it",
        ) from error
    assert isinstance(value, dict)
    return parts, value["value"]


def _nested(key: Sequence[str], value: Any) -> Any:
    for part in reversed(key):
        value = {part: value}
    return OmegaConf.create(value) if not OmegaConf.is_config(value) else value


def _merge(base: Any, top: Any, where: str, what: str) -> Any:
    try:
        return OmegaConf.merge(base, top)
    except (OmegaConfBaseException, TypeError) as error:  # TypeError: a mapping into a list
        raise InputError(
            where,
            f"{what} does not fit what it is merged into ({_first(error)})",
            "matching keys; a list only as a whole",
            "correct it",
        ) from error


def _record(origins: dict[tuple[str, ...], str], key: tuple[str, ...], value: Any, name: str) -> None:
    if key:
        origins[key] = name
    if isinstance(value, dict):
        for k, v in value.items():
            _record(origins, (*key, str(k)), v, name)


def _resolve(path: Path, config: DictConfig) -> dict[str, Any]:
    try:
        values = OmegaConf.to_container(config, resolve=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None)
        raise InputError(
            f"{path}: {key}" if key else path,
            _first(error),
            "an interpolation that resolves",
            "set the variable or write a value",
        ) from error
    assert isinstance(values, dict)
    return {str(k): v for k, v in values.items()}


def _first(error: BaseException) -> str:
    line = str(error).strip().split("\n")[0]
    return re.sub(r"^\w+ raised while resolving interpolation: ", "", line)
