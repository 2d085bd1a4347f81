import numpy as np
import pytest

from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.paired import ratio_to
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.scores import finished_cells
from slipbench.benchmarks.text_table import markdown

HEADER = {"suite": "s", "task": "source", "dataset": "d", "dataset_hash": "0" * 64, "code_version": "1"}
N = 400


def write(folder, model, kind, km, samples, seed=0):
    """A model whose predictions lie `km` (one value a sample) north of the truth."""
    rng = np.random.default_rng(0)  # every model has the same truth
    true = {
        "latitude": rng.uniform(35, 41, N),
        "longitude": rng.uniform(139, 146, N),
        "mw": rng.uniform(6, 8, N),
    }
    pred = true | {"latitude": true["latitude"] + km / 111.195}
    rows = [
        Outcome(
            q,
            "1",
            samples.tolist(),
            [np.nan] * len(samples),
            true[q][samples].tolist(),
            pred[q][samples].tolist(),
        )
        for q in true
    ]
    cell = Cell(model, kind, "-", "-", "-", seed, False, "h")
    write_cell(
        folder / f"{model}{seed}.parquet",
        HEADER,
        cell,
        CellResult(rows, notes=f"{len(samples)} samples", predict_seconds=2.0),
    )


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(1)
    limit = rng.exponential(10, N)
    every, few = np.arange(N), np.arange(100, 250)
    write(tmp_path, "posterior", "limit", limit, few)
    write(tmp_path, "double", "network", 2 * limit, rng.permutation(every))
    write(tmp_path, "noisy", "network", limit * rng.lognormal(0.5, 1, N), every, 0)
    write(tmp_path, "noisy", "network", limit * rng.lognormal(0.5, 1, N), every, 1)
    write(tmp_path, "elsewhere", "baseline", 0 * limit, np.arange(0, 200))
    return read_table(sorted(tmp_path.glob("*.parquet")))


def test_ratios_are_of_the_same_samples(table):
    cells = {}
    for cell, samples in finished_cells(table):
        cells.setdefault(cell["model"].iloc[0], []).append((cell, samples))
    (limit,) = cells["posterior"]
    twice = ratio_to(limit, cells["double"])
    assert (twice.value, twice.low, twice.high, twice.n) == (*(pytest.approx(2, rel=1e-3),) * 3, 150)
    noisy = ratio_to(limit, cells["noisy"])
    assert noisy.low < noisy.value < noisy.high
    assert noisy.low < np.exp(0.5) < noisy.high
    large = ratio_to(limit, cells["double"], mw=7.0)
    assert large.value == pytest.approx(2, rel=1e-3)
    assert 50 < large.n < 100
    assert ratio_to(limit, cells["elsewhere"]) is None
    assert ratio_to(limit, cells["double"], mw=9.0) is None


def test_a_limit_stands_first_and_has_no_rank(table, tmp_path):
    board = leaderboard(table).set_index("model")
    assert list(board.index) == ["posterior", "elsewhere", "noisy", "double"]
    assert board["rank"].isna().tolist() == [True, False, False, False]
    assert board.loc["elsewhere", "rank"] == 1
    assert (board["predict_seconds"] > 0).all()
    assert board.loc["double", "limit_ratio"] == pytest.approx(2, rel=1e-3)
    assert board.loc[["posterior", "elsewhere"], "limit_ratio"].isna().all()
    assert "150 samples" in board.loc["posterior", "flags"]
    text = markdown(table)
    assert "× limit" in text
    assert "2.00 [2.00, 2.00]" in text
    assert "<button>× limit ↓</button>" in write_page(table, tmp_path / "page.html").read_text()


def test_without_a_limit_nothing_is_compared(table):
    rest = table[table["kind"] != "limit"]
    assert "limit_ratio" not in leaderboard(rest)
    assert "× limit" not in markdown(rest)
