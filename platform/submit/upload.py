"""The files of a working folder that go along with a job."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from slipbench.datasets.errors import InputError

#: Most bytes that a submission may send, compressed or not: it stays in the memory of the head.
LIMIT_BYTES = 100 << 20
#: Files whose patterns name what stays behind; each holds for its folder and what is below.
IGNORE_FILES = (".gitignore", ".rayignore")
#: What always stays behind.
NEVER = (".git/", ".venv/", "venv/", "__pycache__/")
#: How many of the largest files a refusal names.
NAMED = 5


@dataclass(frozen=True)
class Upload:
    """Files below `root`, by relative path, with their bytes."""

    root: Path
    files: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)


def collect(root: Path) -> Upload:
    """What a job gets of a folder: all but what ``.gitignore`` and ``.rayignore`` in it or below name.

    As for Ray's own command a file stays behind when any of these files says so. Links to folders are not
    followed.

    Raises
    ------
    InputError
        When there is no such folder.
    """
    if not root.is_dir():
        raise InputError(
            f"--working-dir {root}", "no such folder", "the folder that a job starts in", "name it"
        )
    files = _walk(root, root, [(root, GitIgnoreSpec.from_lines(NEVER))])
    return Upload(root, tuple(sorted((p.relative_to(root).as_posix(), p.stat().st_size) for p in files)))


def check_size(uploads: Sequence[Upload]) -> None:
    """Refuse more than `LIMIT_BYTES`.

    Raises
    ------
    InputError
        With the largest files.
    """
    size = sum(u.size for u in uploads)
    if size <= LIMIT_BYTES:
        return
    each = sorted(((n, path) for u in uploads for path, n in u.files), reverse=True)
    largest = ", ".join(f"{path} ({mebibytes(n)})" for n, path in each[:NAMED])
    raise InputError(
        "upload",
        f"{mebibytes(size)}, the largest: {largest}",
        f"at most {mebibytes(LIMIT_BYTES)}",
        "name what the job does not need in .rayignore, or choose another --working-dir",
    )


def copy(upload: Upload, to: Path) -> None:
    """Copy the files below `to`."""
    for name, _ in upload.files:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(upload.root / name, target)


def mebibytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 2**20:.1f} MiB"


def _walk(root: Path, folder: Path, above: list[tuple[Path, GitIgnoreSpec]]) -> Iterator[Path]:
    rules = [*above]
    for name in IGNORE_FILES:
        if (folder / name).is_file():
            rules.append((folder, GitIgnoreSpec.from_lines((folder / name).read_text().splitlines())))
    for path in sorted(folder.iterdir()):
        is_folder = path.is_dir()
        if any(spec.match_file(path.relative_to(at).as_posix() + "/" * is_folder) for at, spec in rules):
            continue
        if is_folder and not path.is_symlink():
            yield from _walk(root, path, rules)
        elif path.is_file():
            yield path
