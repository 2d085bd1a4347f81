"""Making good what `verify` finds: damaged shards and metadata are made again, byte by byte."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.location import make_folder, move, remove_folder
from slipbench.datasets.store.manifest import BUILDING, Manifest, read_manifest
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.verify import verify
from slipbench.datasets.store.writer import building, describe, start, write_shard


@dataclass(frozen=True)
class Repair:
    """What a repair did.

    Parameters
    ----------
    shards : list of int
        Shards that were made again.
    files : list of str
        Files that were replaced, or put back where they were missing.
    foreign : list of str
        Files that belong to no part of the store; they were left alone.
    """

    shards: list[int]
    files: list[str]
    foreign: list[str]


def repair(folder: Path, plan: Plan, progress: Callable[[int, int], None] | None = None) -> Repair:
    """Rebuild exactly what is missing or changed; afterwards the store is what its build wrote.

    Everything is made and compared with the manifest in a folder of its own first, so that a repair that
    fails or is killed leaves the store as it was.

    Parameters
    ----------
    folder : Path
        Sealed store.
    plan : Plan
        Plan of the store, made again from its origin.
    progress : callable, optional
        Called as ``progress(done, total)`` in shards.

    Raises
    ------
    InputError
        When the folder is not sealed, the plan is not that of the store, or what is made now differs from
        what the build wrote (other versions of the package or of its libraries).
    """
    manifest = read_manifest(folder)
    check_origin(folder, manifest, plan)
    scratch = folder / BUILDING / "repair"
    with building(folder):
        findings = verify(folder)
        foreign = [f.file for f in findings if f.problem == "foreign"]
        bad = [f.file for f in findings if f.problem != "foreign"]
        owner = {name: i for i, shard in enumerate(manifest.shards) for name in shard["files"]}
        shards = sorted({owner[name] for name in bad if name in owner})
        try:
            if bad:
                _remake(scratch, plan, manifest, shards, progress)
                _compare(folder, scratch, bad, manifest)
                for name in bad:
                    move(scratch / name, folder / name)
        finally:
            remove_folder(folder / BUILDING)
    return Repair(shards, bad, foreign)


def check_origin(folder: Path, manifest: Manifest, plan: Plan) -> None:
    """Refuse a plan that is not the store's.

    Raises
    ------
    InputError
        The message names an input file that differs, if that is why.
    """
    if manifest.dataset_hash == plan.dataset_hash:
        return
    check_sources(folder, manifest, plan)
    raise InputError(
        folder,
        f"holds dataset {manifest.dataset_hash[:12]}",
        f"dataset {plan.dataset_hash[:12]}, which its options give now",
        "use the version of slipbench that built it, or build again to a new folder",
    )


def check_sources(folder: Path, manifest: Manifest, plan: Plan) -> None:
    """Refuse input files other than those of the build, by name."""
    then = {s["name"]: s["sha256"] for s in manifest.origin.get("sources", [])}
    now = {s.name: s.sha256 for s in plan.sources}
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            raise InputError(
                name,
                f"sha256 {now.get(name, 'none')[:12]}",
                f"{then.get(name, 'none')[:12]}, with which {folder} was built",
                "set SLIPBENCH_DATA to the data of the build",
            )


def _remake(
    scratch: Path,
    plan: Plan,
    manifest: Manifest,
    shards: list[int],
    progress: Callable[[int, int], None] | None,
) -> None:
    remove_folder(scratch)
    make_folder(scratch)
    with building(scratch):
        start(scratch, plan)
        for done, shard in enumerate(shards):
            if progress:
                progress(done, len(shards))
            write_shard(scratch, plan, shard)
        if progress:
            progress(len(shards), len(shards))
        describe(scratch, plan, manifest.records())


def _compare(folder: Path, scratch: Path, names: list[str], manifest: Manifest) -> None:
    expected = manifest.files()
    for name in names:
        if not (scratch / name).is_file() or file_sha256(scratch / name) != expected[name]:
            raise InputError(
                folder / name,
                "made again it has other bytes",
                f"sha256 {expected[name][:12]}",
                "use the versions that built the store, or build again to a new folder",
            )
