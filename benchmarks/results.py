"""The results table: the only thing that leaderboards, intervals, figures and trackers read.

One row per (cell, quantity). A *cell* is one (model, modality, label, split, seed) of a suite; a
*quantity* is one predicted variable of it. Per-sample values stand in list columns, so every metric
is a function of this table. A cell that failed or was impossible is one row with its reason.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.hashing import config_hash

SCHEMA = pa.schema(
    [
        ("suite", pa.string()),
        ("task", pa.string()),
        ("dataset", pa.string()),
        ("dataset_hash", pa.string()),
        ("config_hash", pa.string()),
        ("cell", pa.string()),
        ("model", pa.string()),
        ("kind", pa.string()),
        ("modality", pa.string()),
        ("label", pa.string()),
        ("split", pa.string()),
        ("leaky", pa.bool_()),
        ("seed", pa.int64()),
        ("quantity", pa.string()),
        ("units", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("notes", pa.string()),
        ("n_train", pa.int64()),
        ("fit_seconds", pa.float64()),
        ("predict_seconds", pa.float64()),
        ("peak_mib", pa.float64()),
        ("device", pa.string()),
        ("code_version", pa.string()),
        ("block_days", pa.float64()),
        ("block", pa.list_(pa.int64())),
        ("sample", pa.list_(pa.int64())),
        ("name", pa.list_(pa.string())),
        ("time", pa.list_(pa.float64())),
        ("y_true", pa.list_(pa.float64())),
        ("y_pred", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Cell:
    """One thing to compute: a model on a modality, label, split and seed.

    Parameters
    ----------
    model, kind : str
        Name in the table; ``network``, ``decoder``, ``detector`` or ``baseline``. ``limit`` knows what
        nobody can know of real data and is not ranked. ``context`` is no model: its quantities
        say what a split's samples are (depth, distance to the network), and have no predictions.
    modality, label, split : str
        What the model sees, what it predicts, how rows are divided; ``-`` where there is no choice.
    seed : int
        Seed of the split and of the model.
    leaky : bool
        Whether the split lets neighbours of test rows into training.
    config_hash : str
        Hash of everything that decides the cell's result: data, options, code versions.
    """

    model: str
    kind: Literal["network", "decoder", "detector", "baseline", "limit", "context"]
    modality: str
    label: str
    split: str
    seed: int
    leaky: bool
    config_hash: str

    @property
    def id(self) -> str:
        """Short content hash; names the cell's file and its tracked run."""
        return config_hash(asdict(self))[:16]


@dataclass(frozen=True)
class Outcome:
    """What a cell gave for one quantity. Lists are aligned; `time` is days since 1970-01-01 UTC or NaN.

    `name` names the samples where they have names, such as those of real events; else it is empty.
    """

    quantity: str
    units: str
    sample: list[int]
    time: list[float]
    y_true: list[float]
    y_pred: list[float]
    name: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CellResult:
    """A cell's outcomes, or the reason why there are none.

    Parameters
    ----------
    status : str
        ``ok``, ``failed`` (an error) or ``skipped`` (known to be impossible here).
    reason : str
        Why, for the last two; one line.
    notes : str
        What a reader of the table must know, such as ``untrained``; several are joined by ``; ``.
    peak_mib : float
        Largest resident memory of the process while it computed the cell, MiB, with the libraries and inputs
        that it holds for all cells; NaN where the system does not tell.
    block_days : float
        Time over which test rows depend on each other, days: the bootstrap's block. 0: they do not.
    block : list of int
        Number of the group that each test row belongs to, such as its earthquake, where rows of one group
        depend on each other: the bootstrap draws whole groups. Empty: `block_days` tells.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    status: Literal["ok", "failed", "skipped"] = "ok"
    reason: str = ""
    notes: str = ""
    n_train: int = 0
    fit_seconds: float = float("nan")
    predict_seconds: float = float("nan")
    peak_mib: float = float("nan")
    device: str = "cpu"
    block_days: float = 0.0
    block: list[int] = field(default_factory=list)


def write_cell(path: Path, header: dict[str, str], cell: Cell, result: CellResult) -> None:
    """Write one cell's rows (Parquet, atomically).

    `header` holds the columns suite, task, dataset, dataset_hash and code_version.
    """
    empty = Outcome("-", "1", [], [], [], [])
    common = asdict(cell) | {"cell": cell.id} | header
    common |= {f.name: getattr(result, f.name) for f in fields(CellResult) if f.name != "outcomes"}
    rows = [common | asdict(outcome) for outcome in (result.outcomes or [empty])]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), sink, compression="zstd")
    write_atomic(path, sink.getvalue().to_pybytes())


def models_of(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of models: all but those that describe the samples."""
    return table[table["kind"] != "context"]


def read_table(paths: Iterable[Path]) -> pd.DataFrame:
    """Rows of several result files as one frame, in the given order."""
    tables = [pq.read_table(p, schema=SCHEMA) for p in paths]
    return pa.concat_tables(tables or [SCHEMA.empty_table()]).to_pandas()


def write_table(path: Path, parts: Iterable[Path]) -> None:
    """Join cell files into one results table."""
    tables = [pq.read_table(p, schema=SCHEMA) for p in parts]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.concat_tables(tables or [SCHEMA.empty_table()]), sink, compression="zstd")
    write_atomic(path, sink.getvalue().to_pybytes())
