import numpy as np
import pytest

from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.benchmarks.text_table import markdown, text_tables


@pytest.fixture
def table(tmp_path):
    header = {"suite": "s", "task": "nowcast", "dataset": "d", "dataset_hash": "0", "code_version": "0"}
    true = np.sin(np.arange(60.0))
    paths = []
    for k, model in enumerate(["exact", "off"]):
        outcome = Outcome("density", "per day", list(range(60)), list(range(60)), list(true), list(true + k))
        cell = Cell(model, "decoder" if k else "baseline", "-", "two_sided", "random", 0, True, model)
        paths.append(tmp_path / model)
        write_cell(paths[-1], header, cell, CellResult([outcome]))
    cell = Cell("gone", "decoder", "ab", "two_sided", "random", 0, True, "gone")
    write_cell(tmp_path / "gone", header, cell, CellResult(status="skipped", reason="a | b"))
    return read_table([*paths, tmp_path / "gone"])


def test_rows_are_ranked_and_name_units_and_failures(table):
    (one,) = text_tables(table)
    assert one.title.startswith("s · random · two_sided (LEAKY")
    assert [row[:2] for row in one.rows] == [["1", "exact"], ["2", "off"], ["–", "gone · ab"]]
    assert one.baseline == [True, False, False]
    assert one.header[2] == "R² ↑ [95 %]"
    assert any("((per day)²) ↓" in name for name in one.header)
    assert one.rows[0][2] == "1.00 [1.00, 1.00]"
    assert "a | b" in one.rows[2][-1]


def test_markdown_has_equally_many_cells_in_every_line(table):
    lines = [line for line in markdown(table).splitlines() if line.startswith("|")]
    assert len(lines) == 5
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
