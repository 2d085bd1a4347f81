"""Comma-separated text, plain or gzipped, checked line by line."""

import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError

_REFETCH = "fetch the file again"
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?", re.ASCII)


def read_lines(path: Path) -> list[str]:
    """Lines of a text file (gunzipped when its name ends in ``.gz``), without their ends.

    Raises
    ------
    InputError
        When the file is missing, empty, no text, damaged or cut off.
    """
    if not path.is_file():
        raise InputError(path, "no such file", "a CSV file", "set SLIPBENCH_DATA or correct the path")
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" and raw else raw).decode("utf-8")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, "the gzip stream is damaged or cut off", "a whole file", _REFETCH) from error
    except UnicodeDecodeError as error:
        raise InputError(path, "not UTF-8 text", "a CSV file", _REFETCH) from error
    if not text.strip():
        raise InputError(path, "the file is empty", "a header line and rows", _REFETCH)
    lines = text.splitlines()
    if not text.endswith("\n"):
        # A number that lost its last digits still is a number, so this is the only sign of a cut.
        raise InputError(f"{path}:{len(lines)}", "the last line has no line end", "a whole file", _REFETCH)
    return lines


@dataclass(frozen=True)
class Table:
    """Text columns of a CSV file; row i stands on line ``i + 2``."""

    path: Path
    columns: dict[str, np.ndarray]

    def where(self, row: int) -> str:
        """``path:line`` of a row."""
        return f"{self.path}:{row + 2}"

    def numbers(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """A column as float64 (NaN where it is none), and where it is a finite number."""
        values = _convert(self.columns[name], np.dtype(np.float64), np.nan)
        return values, np.isfinite(values)

    def times(self, name: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
        """A column of ISO 8601 dates or times (UTC) as datetime64[unit], and where it is one."""
        text = np.char.rstrip(self.columns[name], "Z")
        # numpy would take digits behind a sign for a time zone, with a warning
        text = np.array([word if _TIME.fullmatch(word) else "NaT" for word in text.tolist()])
        values = _convert(text, np.dtype(f"datetime64[{unit}]"), np.datetime64("NaT"))
        return values, ~np.isnat(values)


def _convert(text: np.ndarray, dtype: np.dtype, missing: object) -> np.ndarray:
    try:
        return text.astype(dtype)
    except ValueError:
        out = np.full(len(text), missing, dtype)
        for i, word in enumerate(text):
            try:
                out[i] = np.asarray(word).astype(dtype)
            except ValueError:
                continue
        return out


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """A CSV file with exactly the given columns, as text.

    Raises
    ------
    InputError
        As `read_lines`, for other columns, for no rows, and for a row with too few or too many fields.
    """
    lines = read_lines(path)
    if lines[0].strip().split(",") != list(columns):
        raise InputError(
            f"{path}:1", f"columns '{lines[0].strip()[:60]}'", f"'{','.join(columns)}'", "rename the columns"
        )
    rows = [line.split(",") for line in lines[1:]]
    if not rows:
        raise InputError(path, "no rows below the header", "at least one row", _REFETCH)
    for i, fields in enumerate(rows):
        if len(fields) != len(columns):
            raise InputError(
                f"{path}:{i + 2}", f"{len(fields)} fields", f"{len(columns)}", f"mend the line or {_REFETCH}"
            )
    by_column = zip(*rows, strict=True)
    return Table(path, {name: np.array(words) for name, words in zip(columns, by_column, strict=True)})


def first_false(good: np.ndarray) -> int | None:
    """Index of the first row that is not good, or None."""
    return None if good.all() else int(np.argmin(good))
