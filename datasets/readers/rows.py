"""Files of rows, read row by row: every row is either in the table or rejected with its line and a reason."""

import gzip
import zlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import pandas as pd

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import BadRow

OnBadRows = Literal["fail", "drop"]
_REFETCH = "fetch the file again"


@dataclass(frozen=True)
class Rejected:
    """A row that was left out.

    Parameters
    ----------
    line : int
        Its (first) line in the file, from 1; the number of the station in binary files.
    reason : str
        What was found and what was expected.
    lines : int
        Lines that are not blank which it takes up.
    """

    line: int
    reason: str
    lines: int = 1


class Read(NamedTuple):
    """What every reader gives; ``len(table) + len(rejected)`` is the number of rows in the file.

    Parameters
    ----------
    table : DataFrame
        One row per accepted row, in the file's order; the index ``line`` is its line in the file.
    rejected : tuple of Rejected
        Every other row, in the file's order.
    """

    table: pd.DataFrame
    rejected: tuple[Rejected, ...]


class Row(NamedTuple):
    """Lines of one row: the line of the first, the text of all of them, and why it is no row (or None)."""

    line: int
    text: tuple[str, ...]
    fault: str | None = None


def read_bytes(path: Path, kind: str) -> bytes:
    """Bytes of a file, gunzipped when its name ends in ``.gz``.

    Raises
    ------
    InputError
        When it is missing, empty, damaged or cut off.
    """
    if not path.is_file():
        raise InputError(path, "no such file", kind, "correct the path or set SLIPBENCH_DATA")
    raw = path.read_bytes()
    try:
        data = gzip.decompress(raw) if path.suffix == ".gz" and raw else raw
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, "the gzip stream is damaged or cut off", kind, _REFETCH) from error
    if not data.strip():
        raise InputError(path, "the file is empty", kind, _REFETCH)
    return data


def text_rows(path: Path, kind: str, needs_line_end: bool = True) -> list[Row]:
    """Lines that are not blank, each as a row; what is no UTF-8 text is a faulty row.

    A number that lost its last digits still is a number, so where a row may end in a number a last line
    without a line end is faulty too (`needs_line_end`).
    """
    rows = []
    lines = read_bytes(path, kind).split(b"\n")
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        fault = "the last line has no line end" if needs_line_end and number == len(lines) else None
        try:
            text = raw.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError:
            text, fault = raw.decode("latin-1"), "not UTF-8 text"
        rows.append(Row(number, (text,), fault))
    return rows


def take_header(rows: list[Row], path: Path, fits: Callable[[str], bool], expected: str) -> str:
    """Remove the first row, which must be the header, and give its text.

    Raises
    ------
    InputError
        When it does not fit.
    """
    first = rows.pop(0)
    text = first.text[0].lstrip("\ufeff").strip()
    if first.fault or not fits(text):
        raise InputError(
            f"{path}:{first.line}", f"header '{shown(text)}'", expected, f"mend the header or {_REFETCH}"
        )
    return text


def collect(
    path: Path,
    rows: Sequence[Row],
    columns: Sequence[str],
    parse: Callable[[tuple[str, ...]], tuple],
    on_bad_rows: OnBadRows,
    key: Callable[[tuple], Hashable] | None = None,
) -> Read:
    """Parse every row.

    Parameters
    ----------
    path : Path
        For the messages.
    rows : sequence of Row
        Rows of the file.
    columns : sequence of str
        Names of what `parse` gives.
    parse : callable
        Values of a row from its lines; raises `BadRow`.
    on_bad_rows : {"fail", "drop"}
        Raise at the first row that cannot be used, or list it as rejected.
    key : callable, optional
        What may occur only once, from the values of a row; later rows with the same key are rejected.

    Raises
    ------
    InputError
        With file and line of the first bad row; for no usable row whatever `on_bad_rows` is.
    """
    values: list[tuple] = []
    lines: list[int] = []
    rejected: list[Rejected] = []
    for row, parsed in _parsed(rows, parse, key):
        if isinstance(parsed, tuple):
            values.append(parsed)
            lines.append(row.line)
            continue
        if on_bad_rows == "fail":
            raise InputError(
                f"{path}:{row.line}", parsed.what, parsed.expected, "mend the row, or set on_bad_rows: drop"
            )
        rejected.append(Rejected(row.line, str(parsed), len(row.text)))
    if not values:
        why = (
            f" ({len(rejected)} rejected; line {rejected[0].line}: {rejected[0].reason})" if rejected else ""
        )
        raise InputError(path, f"no usable rows{why}", "at least one", "check the file")
    index = pd.Index(lines, name="line")
    return Read(pd.DataFrame(values, columns=list(columns), index=index), tuple(rejected))


def _parsed(
    rows: Sequence[Row], parse: Callable[[tuple[str, ...]], tuple], key: Callable[[tuple], Hashable] | None
) -> Iterator[tuple[Row, tuple | BadRow]]:
    seen: dict[Hashable, int] = {}
    for row in rows:
        if row.fault:
            yield row, BadRow(row.fault, "a whole row")
            continue
        try:
            values = parse(row.text)
        except BadRow as bad:
            yield row, bad
            continue
        name = key(values) if key else row.line
        if name in seen:
            yield row, BadRow(f"{shown(str(name))} came before on line {seen[name]}", "each once")
            continue
        seen[name] = row.line
        yield row, values


def shown(text: str) -> str:
    """A text for a message: printable and short."""
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= 60 else printable[:57] + "..."
