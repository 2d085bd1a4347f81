"""More samples for a sealed store: a new seal, the same earlier bytes.

Policy: only whole shards are appended to (the rows fill the last shard), every earlier shard keeps its
bytes, and with them the split of its rows; the new rows are split among themselves in the same shares. The
statistics are those of all training rows. The store then is, byte for byte, what a build of its new options
(``appended_at`` lists where each part begins) writes from nothing.
"""

from pathlib import Path

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.location import copy, folder_of, make_folder, remove_folder
from slipbench.datasets.recipes.build import Progress, compute, silent
from slipbench.datasets.recipes.pools import Pool, threads
from slipbench.datasets.store.manifest import (
    BUILDING,
    SCHEMA_VERSION,
    Manifest,
    read_manifest,
    write_manifest,
)
from slipbench.datasets.store.plan import Plan
from slipbench.datasets.store.repair import check_sources
from slipbench.datasets.store.verify import verify
from slipbench.datasets.store.writer import building, describe, start, written


def append(plan: Plan, out: str | Path, pool: Pool = threads, progress: Progress = silent) -> Manifest:
    """Add the rows that `plan` has beyond those of a sealed store, and seal it anew.

    Everything new is made in a folder of its own and moved in at the end. Killed before that, the store is as
    it was; killed while files are moved, the same command ends the move. Either way it resumes.

    Parameters
    ----------
    plan : Plan
        Plan of the grown store.
    out : str or Path
        Sealed store of the same recipe, network and seed with fewer rows.
    pool, progress
        As for `build`.

    Raises
    ------
    InputError
        When the store is damaged, its rows do not fill whole shards, or the plan is not that of a grown copy.
    """
    folder = folder_of(out)
    manifest = read_manifest(folder)
    if manifest.dataset_hash == plan.dataset_hash:
        if (folder / BUILDING).exists():  # of an append that was killed after its seal
            with building(folder):
                remove_folder(folder / BUILDING)
        return manifest
    _check(folder, manifest, plan)
    check_sources(folder, manifest, plan)
    scratch = folder / BUILDING / "append"
    ticket = scratch / BUILDING / "plan.json"
    if ticket.exists() and ticket.read_text() != plan.dataset_hash:
        remove_folder(scratch)  # left by an append of another size
    make_folder(scratch)
    n_old = len(manifest.shards)
    with building(folder), building(scratch), one_blas_thread():
        todo = [s for s in start(scratch, plan) if s >= n_old]
        _intact(folder, scratch, manifest)
        compute(scratch, plan, todo, pool, progress)
        new = [written(scratch, s) for s in range(n_old, plan.n_shards)]
        grown = describe(scratch, plan, [*manifest.records(), *new])
        _same_inputs(folder, manifest, grown)
        # Shards first: until the metadata follow, readers of the old manifest see the old rows.
        for name in [*(f for r in new for f in r.files), *sorted(grown.metadata, key=lambda n: n.count("/"))]:
            copy(scratch / name, folder / name)  # the source stays, so that a cut-off move is no damage
        write_manifest(folder, grown)
        remove_folder(folder / BUILDING)
    return grown


def _check(folder: Path, manifest: Manifest, plan: Plan) -> None:
    if not manifest.origin or manifest.origin["recipe"] != plan.recipe:
        raise InputError(
            folder, "is no store of this recipe", f"a sealed store of '{plan.recipe}'", "choose another --out"
        )
    if manifest.schema_version != SCHEMA_VERSION:
        raise InputError(
            folder,
            f"format {manifest.schema_version}, whose shards are written otherwise",
            f"a store of format {SCHEMA_VERSION}",
            "build to a new folder",
        )
    if manifest.n_rows % manifest.rows_per_shard:
        raise InputError(
            folder,
            f"{manifest.n_rows} samples end inside a shard of {manifest.rows_per_shard}",
            "whole shards",
            "build to a new folder",
        )
    if plan.n_rows <= manifest.n_rows or plan.rows_per_shard != manifest.rows_per_shard:
        raise InputError(
            "n_samples",
            f"{plan.n_rows} in shards of {plan.rows_per_shard}",
            f"more than {manifest.n_rows} in shards of {manifest.rows_per_shard}",
            "ask for more samples",
        )


def _intact(folder: Path, scratch: Path, manifest: Manifest) -> None:
    """Refuse a damaged store; files that an earlier, killed append has moved already are no damage."""
    for found in verify(folder):
        if found.file.endswith(".partial"):
            (folder / found.file).unlink()
            continue
        ours = scratch / found.file
        theirs = folder / found.file
        moved = ours.is_file() and theirs.is_file() and file_sha256(ours) == file_sha256(theirs)
        if not moved or (found.problem != "foreign" and found.file not in manifest.metadata):
            raise InputError(
                folder, f"{found.problem}: {found.file}", "an intact store", "run 'slipbench repair' first"
            )


def _same_inputs(folder: Path, old: Manifest, grown: Manifest) -> None:
    """Everything but what tells the number of rows must be as it was."""
    for name, digest in old.metadata.items():
        if not name.endswith("zarr.json") and grown.metadata.get(name) != digest:
            raise InputError(
                folder / name,
                "the new options give another one",
                "the same network and grid",
                "build to a new folder",
            )
