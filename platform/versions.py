"""Which code this is: the version and, in a checkout, the commit."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from slipbench.datasets import errors


@cache
def code_version() -> str:
    """Package version with the git commit where there is one, such as ``0.1.0+g1a2b3c4.dirty``."""
    root = Path(errors.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return version("slipbench")
    commit = _git(root, "rev-parse", "--short=10", "HEAD")
    dirty = ".dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else ""
    return f"{version('slipbench')}+g{commit}{dirty}" if commit else version("slipbench")


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
