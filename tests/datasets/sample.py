"""What the fuzzer knows of a format: its reader, how to make a file of it, how many rows any bytes hold."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipbench.datasets.readers.rows import Read, Rejected


@dataclass(frozen=True)
class Sample:
    """A format: its reader, how to make a file of n rows, and how many rows any bytes hold."""

    read: Callable[..., Any]
    make: Callable[[np.random.Generator, int], bytes]
    count: Callable[[bytes], int]

    def table(self, path: Path, on_bad_rows: str) -> Read:
        out = self.read(path, on_bad_rows)
        return out if isinstance(out, Read) else out[1]


def filled(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line.strip()]


def text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def counted(accepted: int, dropped: int = 0) -> Read:
    """The counts of a reader that gives no table of rejected rows: it raises, or counts what it drops."""
    lines = range(1, accepted + 1)
    gone = (Rejected(accepted + 1 + i, "dropped") for i in range(dropped))
    return Read(pd.DataFrame({"row": lines}, index=lines), tuple(gone))


def lines(headers: int) -> Callable[[bytes], int]:
    return lambda data: len(filled(data)) - headers
