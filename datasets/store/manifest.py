"""The manifest: which files a sealed store consists of, shard by shard, with their SHA-256."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import canonical_json
from slipbench.datasets.store.statistics import Moments

MANIFEST = "manifest.json"
BUILDING = ".building"
SCHEMA_VERSION = 3
#: Version 1 held no origin, counts or moments; versions 1 and 2 had compressed rows. Such stores are read as
#: ever (slowly in any other order than their own) but cannot be repaired or appended to.
READABLE = (1, 2, 3)


@dataclass(frozen=True)
class ShardRecord:
    """Proof that one shard was written: its rows, its files (path to SHA-256), counts and moments."""

    shard: int
    first_row: int
    n_rows: int
    files: dict[str, str]
    counts: dict[str, int]
    moments: dict[str, Moments]


def record_path(folder: Path, shard: int) -> Path:
    """File of one shard's record while the store is being built."""
    return folder / BUILDING / f"shard-{shard:08d}.json"


def write_record(folder: Path, record: ShardRecord) -> None:
    """Keep a shard's record; from now on the shard counts as done."""
    write_atomic(record_path(folder, record.shard), canonical_json(asdict(record)).encode())


def read_record(folder: Path, shard: int) -> ShardRecord | None:
    """The record of a finished shard, or None."""
    path = record_path(folder, shard)
    return ShardRecord(**json.loads(path.read_text())) if path.exists() else None


@dataclass(frozen=True)
class Manifest:
    """Contents of a sealed store.

    Parameters
    ----------
    schema_version : int
        Layout of this file.
    dataset_hash : str
        Of the plan.
    n_rows, rows_per_shard : int
        Rows in all and in one shard.
    metadata : dict
        Files that belong to no shard (path to SHA-256).
    shards : list of dict
        The fields of every shard's record, in order.
    origin : dict
        ``recipe``, ``recipe_version``, ``options`` and ``sources`` of the plan, from which `repair` makes it
        again when the store's own attributes are damaged.
    """

    schema_version: int
    dataset_hash: str
    n_rows: int
    rows_per_shard: int
    metadata: dict[str, str]
    shards: list[dict]
    origin: dict[str, Any] = field(default_factory=dict)

    def records(self) -> list[ShardRecord]:
        """The shards' records (from version 2 on)."""
        return [ShardRecord(shard=i, **shard) for i, shard in enumerate(self.shards)]

    def files(self) -> dict[str, str]:
        """Every file of the store (relative path) with its SHA-256, the manifest itself left out."""
        return self.metadata | {
            path: digest for shard in self.shards for path, digest in shard["files"].items()
        }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Seal: after this file exists the store is complete."""
    write_atomic(folder / MANIFEST, (json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n").encode())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a sealed store.

    Raises
    ------
    InputError
        When the folder is missing, is no store, is not sealed, or has another schema version.
    """
    if not folder.is_dir():
        raise InputError(
            folder, "no such folder", "a sealed store", "run 'slipbench build DATASET --out URI' first"
        )
    path = folder / MANIFEST
    if not path.exists():
        if (folder / BUILDING).exists():
            raise InputError(
                folder,
                "the store is not sealed",
                "a finished build",
                "run the same 'slipbench build' again to resume it",
            )
        raise InputError(folder, "no manifest.json in it", "a sealed slipbench store", "check the path")
    try:
        raw = json.loads(path.read_text())
        version = raw["schema_version"]
        manifest = Manifest(**raw) if version in READABLE else None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            path, "not readable as a manifest", "the file that a build wrote", "build the store again"
        ) from error
    if manifest is None:
        raise InputError(
            path, f"schema version {version}", f"version {SCHEMA_VERSION}", "build the store again"
        )
    return manifest
