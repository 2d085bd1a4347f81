import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import ttest_rel

from slipbench.benchmarks.intervals import block_rows
from slipbench.benchmarks.leaderboard import leaderboard
from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.text_table import markdown
from slipbench.benchmarks.to_best import block_test

HEADER = {"suite": "toy", "task": "nowcast", "dataset": "d", "dataset_hash": "0" * 64, "code_version": "1"}


def test_independent_samples_give_the_paired_t_test():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 60))
    found = block_test(two - one, np.arange(60), 0.0)
    assert found.p == pytest.approx(ttest_rel(two, one).pvalue, rel=1e-9)
    assert (found.value, found.blocks) == (pytest.approx((two - one).mean()), 60)


def test_blocks_of_days_give_the_t_test_of_their_means():
    values = np.random.default_rng(0).normal(size=400)
    found = block_test(values, np.arange(400.0), 40)
    means = values.reshape(10, 40).mean(axis=1)
    assert found.blocks == 10
    assert found.p == pytest.approx(ttest_rel(means, np.zeros(10)).pvalue, rel=1e-9)


def test_a_day_that_two_seeds_share_stays_in_one_block():
    values, days = np.random.default_rng(0).normal(size=300), np.arange(300.0)
    twice = block_test(np.tile(values, 2), np.tile(days, 2), 30)
    once = block_test(values, days, 30)
    assert (twice.blocks, twice.p) == (once.blocks, pytest.approx(once.p))


@pytest.mark.parametrize("n", [400, 1000])
def test_differences_that_follow_each_other_are_judged_as_often_as_promised(n):
    """AR(1) differences without a mean, in blocks of six correlation times; single days would be misled."""
    phi, rng = 0.9, np.random.default_rng(3)
    series = lfilter([1], [1, -phi], rng.standard_normal((2000, n + 200)), axis=1)[:, 200:]
    days, block = np.arange(float(n)), -6 / np.log(phi)
    assert n // block_rows(days, block) == (7 if n == 400 else 17)
    false = np.mean([block_test(one, days, block).p < 0.05 for one in series])
    assert 0.03 <= false <= 0.07
    assert np.mean([block_test(one, days, 0).p < 0.05 for one in series]) > 0.4


def test_equal_predictions_are_no_difference_and_one_block_tells_nothing():
    assert block_test(np.zeros(50), np.arange(50.0), 5).p == 1
    assert np.isnan(block_test(np.array([1.0]), np.array([1.0]), 5).p)


def write(folder, model, error, seed=0, samples=None, kind="decoder", n=600):
    true = 3 + np.sin(np.arange(n) / 9)
    time = 17000.0 + np.arange(n)
    rows = np.arange(n) if samples is None else samples
    outcome = Outcome(
        "density", "1", rows.tolist(), time[rows].tolist(), true[rows].tolist(), (true + error)[rows].tolist()
    )
    cell = Cell(model, kind, "both", "causal", "blocked", seed, False, "h")
    write_cell(folder / f"{model}{seed}", HEADER, cell, CellResult([outcome], block_days=20.0))


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 600))
    write(tmp_path, "good", noise[0])
    write(tmp_path, "good", noise[0], seed=1, samples=np.arange(100, 500))
    uneven = np.where(np.arange(600) // 20 % 2, 0.75, 1.3)  # better in one block, worse in the next
    write(tmp_path, "near", noise[0] * uneven)
    write(tmp_path, "near", noise[0] * uneven, seed=1, samples=np.arange(100, 500))
    write(tmp_path, "poor", 2 * noise[1], seed=1, samples=np.arange(0, 400))
    write(tmp_path, "elsewhere", 3 * noise[1], seed=7)
    return read_table(sorted(p for p in tmp_path.iterdir()))


def test_the_table_tells_who_is_worse_than_the_best(table, tmp_path):
    board = leaderboard(table).set_index("model")
    assert board.loc["good", "rank"] == 1
    assert np.isnan(board.loc["good", "best_p"])
    assert board["not_worse"].to_dict() == {"good": True, "near": True, "poor": False, "elsewhere": False}
    assert board.loc["near", "best_blocks"] == 30
    assert board.loc["poor", "best_blocks"] == 15  # the 300 days that both have predicted with seed 1
    assert board.loc["poor", "best_difference"] == pytest.approx(3, rel=0.2)
    assert board.loc["poor", "best_p"] < 1e-3 < 0.05 < board.loc["near", "best_p"]
    assert np.isnan(board.loc["elsewhere", "best_p"])  # no seed in common
    lines = {
        line.split("|")[2].split(" ·")[0].strip(): line
        for line in markdown(table).splitlines()[2:]
        if "|" in line
    }
    assert "| best |" in lines["good"]
    assert "✓ |" in lines["near"]
    assert "| <0.001 |" in lines["poor"]
    html = write_page(table, tmp_path / "page.html").read_text()
    assert "&lt;0.001" in html
    assert "<button>p to best" in html
