"""Content hashes: what identifies a configuration, an input file and a finished stage."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def canonical_json(value: Any) -> str:
    """JSON text that is the same for equal values: sorted keys, no spaces, shortest exact floats."""

    def plain(x: Any) -> Any:
        if isinstance(x, BaseModel):
            return x.model_dump(mode="json")
        raise TypeError(f"not a configuration value: {type(x).__name__}")

    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=plain)


def config_hash(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of a configuration value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
