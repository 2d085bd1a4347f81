"""Creating, filling and sealing a store. A shard is the unit of work and has one owner."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.location import files_below, is_local, remove_folder, zarr_place
from slipbench.datasets.lock import exclusive
from slipbench.datasets.store.manifest import (
    BUILDING,
    MANIFEST,
    SCHEMA_VERSION,
    Manifest,
    ShardRecord,
    read_manifest,
    read_record,
    record_path,
    write_manifest,
    write_record,
)
from slipbench.datasets.store.plan import ArraySpec, Plan
from slipbench.datasets.store.shard_file import write_shard_file
from slipbench.datasets.store.statistics import NOTHING, mean_std, merge, moments

# An all-zero chunk left out would look like a shard that was never written.
_ARRAY_CONFIG: Any = {"write_empty_chunks": True}
# Rows are noise, which does not shrink, and are read many times: stored as they are, with a checksum a chunk.
_ROWS = Crc32cCodec()
# Coordinates and masks are read once and shrink well.
_STATIC = ZstdCodec(level=1, checksum=True)


def building(folder: Path, wait: bool = False) -> AbstractContextManager[None]:
    """Hold the store's build lock; with `wait` as soon as nobody else does."""
    return exclusive(folder / BUILDING / "lock", folder, "build", wait)


def start(folder: Path, plan: Plan, shards: Sequence[int] | None = None) -> list[int]:
    """Create the arrays of `plan` in `folder`, or pick up an interrupted build of the same plan.

    Must be called inside `building`.

    Parameters
    ----------
    folder : Path
        Of the store.
    plan : Plan
        What to build.
    shards : sequence of int, optional
        Shards to look at; all by default.

    Returns
    -------
    list of int
        Those that remain to be written; empty also when the store is already sealed.

    Raises
    ------
    InputError
        When the folder holds another dataset or something that is no store.
    """
    ticket = folder / BUILDING / "plan.json"
    if (folder / MANIFEST).exists():
        found = read_manifest(folder).dataset_hash
        _clear(folder)
        if found != plan.dataset_hash:
            raise _other(folder, found, plan)
        return []
    if ticket.exists():
        found = ticket.read_text()
        if found != plan.dataset_hash:
            raise _other(folder, found, plan)
        if not is_local(folder):
            _create(folder, plan)
    else:
        here = list(folder.iterdir()) if folder.exists() else []
        if any(p.name not in (BUILDING, "zarr.json") and not _is_array(p) for p in here):
            raise InputError(
                folder, "the folder holds other files", "an empty or new folder", "choose another --out"
            )
        if not is_local(folder):  # where others may begin at the same time: they all write the same
            write_atomic(ticket, plan.dataset_hash.encode())
        _create(folder, plan)
        if is_local(folder):
            write_atomic(ticket, plan.dataset_hash.encode())
    return [s for s in (range(plan.n_shards) if shards is None else shards) if not _intact(folder, s)]


def _other(folder: Path, found: str, plan: Plan) -> InputError:
    return InputError(
        folder,
        f"holds dataset {found[:12]}",
        f"dataset {plan.dataset_hash[:12]} of this configuration",
        "choose another --out or delete the folder",
    )


def _is_array(path: Path) -> bool:
    return path.is_dir() and ((path / "zarr.json").exists() or not any(path.iterdir()))


def _intact(folder: Path, shard: int) -> bool:
    """Whether a shard was recorded and its files still are what the record says."""
    record = read_record(folder, shard)
    if record is None:
        return False
    if all((folder / f).exists() and file_sha256(folder / f) == sha for f, sha in record.files.items()):
        return True
    record_path(folder, shard).unlink()
    return False


def _attributes(spec: ArraySpec) -> dict[str, Any]:
    return {"units": spec.units, "about": spec.about, "labels": {k: list(v) for k, v in spec.labels.items()}}


def _create(folder: Path, plan: Plan) -> None:
    """Make the group and its arrays: anew where the lock keeps others out, else those that are missing."""
    anew = is_local(folder)
    group = (
        zarr.create_group(zarr_place(folder), overwrite=False)
        if not (folder / "zarr.json").exists()
        else zarr.open_group(zarr_place(folder), mode="r+")
    )
    shard = plan.rows_per_shard
    for spec in plan.arrays:
        chunk = spec.rows_per_chunk(shard)
        if shard % chunk:
            raise ValueError(f"{spec.name}: {chunk} rows a chunk do not divide {shard} rows a shard")
        if not anew and (folder / spec.name / "zarr.json").exists():
            continue
        group.create_array(
            spec.name,
            shape=(plan.n_rows, *spec.shape),
            chunks=(chunk, *spec.shape),
            shards=(shard, *spec.shape),
            dtype=spec.dtype,
            compressors=_ROWS,
            dimension_names=("sample", *spec.dims),
            attributes=_attributes(spec),
            config=_ARRAY_CONFIG,
            overwrite=anew,
        )
    for spec, values in plan.static:
        array: Any = group.get(spec.name) if not anew else None
        array = array or group.create_array(
            spec.name,
            shape=values.shape,
            chunks=values.shape,
            dtype=spec.dtype,
            compressors=_STATIC,
            dimension_names=spec.dims,
            attributes=_attributes(spec),
            config=_ARRAY_CONFIG,
            overwrite=anew,
        )
        array[...] = values.astype(spec.dtype)


def write_shard(folder: Path, plan: Plan, shard: int) -> ShardRecord:
    """Make and write one whole shard of every row array, then record it.

    Raises
    ------
    ValueError
        When the maker's rows do not fill the shard exactly.
    """
    rows = plan.rows(shard)
    made = plan.make(shard, rows, plan.rng(shard))
    if set(made.arrays) != {a.name for a in plan.arrays}:
        raise ValueError(
            f"recipe {plan.recipe} made {sorted(made.arrays)}, planned {[a.name for a in plan.arrays]}"
        )
    files: dict[str, str] = {}
    for spec in plan.arrays:
        values = np.asarray(made.arrays[spec.name])
        if values.shape != (len(rows), *spec.shape):
            raise ValueError(f"{spec.name}: shape {values.shape}, planned {(len(rows), *spec.shape)}")
        chunk = spec.rows_per_chunk(plan.rows_per_shard)
        path = "/".join([spec.name, "c", str(shard), *("0" for _ in spec.shape)])
        files[path] = write_shard_file(
            folder / path, values.astype(spec.dtype, copy=False), chunk, plan.rows_per_shard // chunk
        )
    record = ShardRecord(
        shard=shard,
        first_row=rows.start,
        n_rows=len(rows),
        files=files,
        counts={k: int(v) for k, v in made.counts.items()},
        moments={
            name: moments(made.arrays[name][np.asarray(made.arrays["split"]) == 0])
            if name in made.arrays
            else made.moments.get(name, NOTHING)
            for name in plan.statistics
        },
    )
    write_record(folder, record)
    return record


def seal(folder: Path, plan: Plan) -> Manifest:
    """Gather the shard records, write the final attributes and the manifest.

    Must be called inside `building`; every shard must have been written.
    """
    manifest = describe(folder, plan, [written(folder, shard) for shard in range(plan.n_shards)])
    write_manifest(folder, manifest)
    _clear(folder)
    return manifest


def _clear(folder: Path) -> None:
    """Take away what only the build needed; who waits for its lock makes it again, and clears it too."""
    remove_folder(folder / BUILDING)


def written(folder: Path, shard: int) -> ShardRecord:
    """The record of a shard that must have been written."""
    record = read_record(folder, shard)
    if record is None:
        raise ValueError(f"shard {shard} was not written")
    return record


def describe(folder: Path, plan: Plan, records: list[ShardRecord]) -> Manifest:
    """Write the final attributes of a store of these shards and give its manifest, which is not written."""
    counts: dict[str, int] = {}
    for record in records:
        for name, n in record.counts.items():
            counts[name] = counts.get(name, 0) + n
    sources = [{"name": s.name, "sha256": s.sha256} for s in plan.sources]
    group = zarr.open_group(zarr_place(folder), mode="r+")
    group.attrs.put(
        {
            "slipbench": {
                "schema_version": SCHEMA_VERSION,
                "package_version": version("slipbench"),
                "recipe": plan.recipe,
                "recipe_version": plan.recipe_version,
                "options": dict(plan.options),
                "seed": plan.seed,
                "config_hash": config_hash(
                    {"recipe": plan.recipe, "options": dict(plan.options), "seed": plan.seed}
                ),
                "dataset_hash": plan.dataset_hash,
                "arrays": [a.name for a in plan.arrays],
                "static": [a.name for a, _ in plan.static],
                "sources": sources,
                "policies_applied": counts,
                "statistics": {n: mean_std(merge([r.moments[n] for r in records])) for n in plan.statistics},
                **plan.attrs,
            }
        }
    )
    metadata = {"zarr.json": "", **{f"{a.name}/zarr.json": "" for a in plan.arrays}}
    for spec, _ in plan.static:
        metadata |= {f"{spec.name}/{name}": "" for name, _ in files_below(folder / spec.name)}
    for leftover in folder.rglob("*.partial") if is_local(folder) else ():  # of a process that was killed
        leftover.unlink()
        metadata.pop(leftover.relative_to(folder).as_posix(), None)
    return Manifest(
        schema_version=SCHEMA_VERSION,
        dataset_hash=plan.dataset_hash,
        n_rows=plan.n_rows,
        rows_per_shard=plan.rows_per_shard,
        metadata={name: file_sha256(folder / name) for name in sorted(metadata)},
        shards=[{k: v for k, v in asdict(r).items() if k != "shard"} for r in records],
        origin={
            "recipe": plan.recipe,
            "recipe_version": plan.recipe_version,
            "options": dict(plan.options),
            "sources": sources,
        },
    )
