"""Whether a sealed store still is what its build wrote."""

from dataclasses import dataclass
from pathlib import Path

from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.location import files_below
from slipbench.datasets.store.manifest import BUILDING, MANIFEST, read_manifest


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the file (relative path) and ``missing``, ``changed`` or ``foreign``."""

    file: str
    problem: str


def verify(folder: Path) -> list[Finding]:
    """Compare every file with the manifest.

    Returns
    -------
    list of Finding
        Empty when the store is intact.

    Raises
    ------
    InputError
        When the folder is not a sealed store.
    """
    expected = read_manifest(folder).files()
    findings = []
    for name, digest in sorted(expected.items()):
        path = folder / name
        if not path.is_file():
            findings.append(Finding(name, "missing"))
        elif file_sha256(path) != digest:
            findings.append(Finding(name, "changed"))
    for name, _ in files_below(folder):
        if name not in expected and name != MANIFEST and not name.startswith(f"{BUILDING}/"):
            findings.append(Finding(name, "foreign"))
    return findings
