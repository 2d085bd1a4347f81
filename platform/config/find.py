"""Where a configuration named on the command line is: a path, or a bare name of a shipped one."""

from pathlib import Path

import slipbench.configs
from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest


def shipped(kind: str) -> dict[str, Path]:
    """Shipped configurations below ``configs/<kind>``, by name."""
    folders = [Path(p) / kind for p in slipbench.configs.__path__]
    return {f.stem: f for folder in folders for f in sorted(folder.glob("*.yaml"))}


def find(kind: str, text: str) -> Path:
    """The file that `text` means.

    Parameters
    ----------
    kind : str
        ``datasets``, ``trainers``, ``benchmarks``, ``pipelines`` or ``clusters``.
    text : str
        A path, or the name of a shipped configuration such as ``quickstart``.

    Raises
    ------
    InputError
        When there is neither; the message names the nearest shipped name.
    """
    path = Path(text).expanduser()
    if path.exists():
        return path
    known = shipped(kind)
    if path.suffix not in (".yaml", ".yml") and text in known:
        return known[text]
    hint = nearest(path.stem, known) if known else "check the path"
    raise InputError(text, "no such file", f"a YAML file or a name from configs/{kind}", hint)
