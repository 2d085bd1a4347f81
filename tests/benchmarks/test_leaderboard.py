import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from slipbench.benchmarks.figures import draw
from slipbench.benchmarks.leaderboard import leaderboard, number, sections
from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.scores import cell_metrics

HEADER = {
    "suite": "toy",
    "task": "nowcast",
    "dataset": "toy_data",
    "dataset_hash": "0" * 64,
    "code_version": "1",
}


def cell(model, seed, split="blocked", kind="decoder", modality="both"):
    return Cell(model, kind, modality, "two_sided", split, seed, split == "random", "h")


def result(error, seed=0, n=120, **more):
    """A smooth truth, and a prediction that is off by `error` of its standard deviation."""
    rng = np.random.default_rng(seed)
    true = 1e-4 * (3 + np.sin(np.arange(n) / 9))
    pred = true + error * true.std() * rng.choice([-1, 1], n)
    time = (17000.0 + np.arange(n)).tolist()
    outcome = Outcome("density", "per day", list(range(n)), time, true.tolist(), pred.tolist())
    return CellResult([outcome], n_train=300, fit_seconds=0.5, predict_seconds=0.1, block_days=12.0, **more)


@pytest.fixture
def table(tmp_path):
    cells = [
        (cell("poor", 0), result(1.5)),
        (cell("poor", 1), result(1.5, 1)),
        (cell("good", 0), result(0.1)),
        (cell("good", 1), result(0.3, 1)),
        (cell("tabpfn", 0), result(2.0, notes="untrained; embargo 20 d")),
        (cell("tabpfn", 1), CellResult(status="failed", reason="RuntimeError: <b>out</b> of memory")),
        (cell("broken", 0), CellResult(status="skipped", reason="600 features, the weights allow 500")),
        (cell("persistence", 0, kind="baseline", modality="-"), result(0.2)),
        (cell("persistence", 1, kind="baseline", modality="-"), result(0.2, 1)),
        (cell("good", 0, "random"), result(0.05)),
    ]
    for i, (one, outcome) in enumerate(cells):
        write_cell(tmp_path / f"{i:02d}.parquet", HEADER, one, outcome)
    return read_table(sorted(tmp_path.glob("*.parquet")))


def test_models_are_ranked_within_their_section_and_failures_come_last(table):
    board = leaderboard(table)
    blocked = board[board["split"] == "blocked"]
    assert list(blocked["model"]) == ["persistence", "good", "poor", "tabpfn", "broken"]
    assert list(blocked["rank"])[:4] == [1, 2, 3, 4]
    assert blocked["rank"].isna().tolist() == [False] * 4 + [True]
    assert list(blocked["seeds"]) == [2, 2, 2, 1, 0]
    assert list(board[board["split"] == "random"]["rank"]) == [1]


def test_values_are_means_over_seeds_inside_their_intervals(table):
    board = leaderboard(table).set_index(["split", "model"])
    good = board.loc[("blocked", "good")]
    # errors of 0.1 and 0.3 standard deviations: R² is 1 - error², whatever the signs
    assert good["r2"] == pytest.approx(1 - (0.1**2 + 0.3**2) / 2, rel=1e-6)
    assert good["r2_low"] < good["r2"] < good["r2_high"]
    assert good["r2_low"] < 1 - 0.3**2 + 0.02  # the seeds differ, and the interval knows it
    assert good["r2_high"] > 1 - 0.1**2 - 0.02
    assert good["skill"] == pytest.approx(1 - (0.1**2 + 0.3**2) / 2 / 0.2**2, rel=1e-6)
    assert board.loc[("blocked", "persistence"), "skill"] == 0
    assert np.isnan(board.loc[("random", "good"), "skill"])  # no persistence there
    assert good["mse_units"] == "(per day)²"
    assert good["blocks"] == 10


def test_flags_tell_leaks_untrained_weights_and_failures(table):
    board = leaderboard(table).set_index(["split", "model"])
    assert board.loc[("random", "good"), "leaky"]
    assert "leaky split" in board.loc[("random", "good"), "flags"]
    half = board.loc[("blocked", "tabpfn")]
    assert half["untrained"]
    assert not half["leaky"]
    assert "1 of 2 seeds failed: RuntimeError: <b>out</b> of memory" in half["flags"]
    assert "1 of 1 seeds skipped: 600 features" in board.loc[("blocked", "broken"), "flags"]
    assert not board.loc[("blocked", "good"), "untrained"]


def test_sections_name_the_metrics_that_have_values(table):
    found = {head["split"]: [m.name for m in metrics] for head, _, metrics in sections(leaderboard(table))}
    assert found == {"blocked": ["r2", "skill", "crps", "mse"], "random": ["r2", "crps", "mse"]}


def test_a_table_of_failures_and_an_empty_one_are_leaderboards_too(tmp_path):
    write_cell(tmp_path / "a", HEADER, cell("x", 0), CellResult(status="failed", reason="gone"))
    board = leaderboard(read_table([tmp_path / "a"]))
    assert board["rank"].isna().all()
    assert list(board["reason"]) == ["gone"]
    assert draw(read_table([tmp_path / "a"]), tmp_path / "figures") == []
    assert len(leaderboard(read_table([]))) == 0
    assert "gone" in write_page(read_table([tmp_path / "a"]), tmp_path / "page.html").read_text()


def test_metrics_of_every_finished_cell_are_finite(table):
    found = cell_metrics(table)
    assert set(found) == set(table.loc[table["status"] == "ok", "cell"])
    assert all(np.isfinite(v) for metrics in found.values() for v in metrics.values())
    assert {"r2", "mse", "rmse", "mae", "skill", "crps"} == set(found[cell("good", 0).id])


def source_table(tmp_path):
    rng = np.random.default_rng(0)
    true = {
        "latitude": rng.uniform(35, 41, 80),
        "longitude": rng.uniform(139, 146, 80),
        "mw": rng.uniform(6, 8, 80),
    }
    for i, (model, spread) in enumerate([("mean", 2.0), ("img", 0.2)]):
        outcomes = [
            Outcome(q, "1" if q == "mw" else "deg", list(range(80)), [float("nan")] * 80, v.tolist(),
                    (v + rng.normal(0, spread, 80)).tolist())
            for q, v in true.items()
        ]  # fmt: skip
        if model == "img":  # tells more than the targets
            outcomes.append(replace(outcomes[-1], quantity="depth", units="km"))
        one = Cell(model, "baseline" if model == "mean" else "network", "-", "-", "-", 0, False, "h")
        write_cell(tmp_path / f"s{i}", HEADER | {"suite": "src", "task": "source"}, one, CellResult(outcomes))
    return read_table([tmp_path / "s0", tmp_path / "s1"])


def test_sources_are_ranked_by_the_median_position_error(tmp_path):
    board = leaderboard(source_table(tmp_path))
    assert list(board["model"]) == ["img", "mean"]
    img = board.iloc[0]
    assert img["position_error_low"] < img["position_error"] < img["position_error_high"]
    assert 15 < img["position_error"] < 40  # 0.2 deg of both coordinates
    assert img["blocks"] == img["n_test"] == 80
    assert board.iloc[1]["mw_error"] > img["mw_error"]


def test_figures_are_drawn_for_both_tasks(table, tmp_path):
    both = pd.concat([table, source_table(tmp_path)], ignore_index=True)
    drawings = draw(both, tmp_path / "figures")
    names = [d.path.name for d in drawings]
    assert names == ["toy-blocked-two_sided.png", "toy-random-two_sided.png", "src.png"]
    for d in drawings:
        assert d.path.read_bytes().startswith(b"\x89PNG")
        assert d.path.stat().st_size > 20_000


def test_the_page_is_one_file_that_escapes_and_loads_nothing(table, tmp_path):
    both = pd.concat([table, source_table(tmp_path)], ignore_index=True)
    html = write_page(both, tmp_path / "page.html").read_text()
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", html)
    assert "<b>out</b> of memory" not in html
    assert "&lt;b&gt;out&lt;/b&gt; of memory" in html
    assert html.count('src="data:image/png;base64,') == 3
    assert html.count(">leaky</span>") == 2  # the legend and the one leaky section
    assert "(per day)²" in html
    assert "600 features, the weights allow 500" in html


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.123"), (52.649, "52.6"), (1234.6, "1235"), (-0.5, "−0.500"), (0, "0.00"),
     (4.01e-8, "4.01e−8"), (2.5e7, "2.50e7"), (float("nan"), "–"), (float("inf"), "∞")],
)  # fmt: skip
def test_numbers_for_people(value, text):
    assert number(value) == text
