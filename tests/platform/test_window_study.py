import json
from collections.abc import Callable
from pathlib import Path

DEMO = ["start=2015-01-01", "end=2016-06-30", "simulated_background=6"]


def test_the_table_has_ours_and_the_published_figures(slipbench: Callable, tmp_path: Path) -> None:
    ran = slipbench("window-study", "nowcast_demo", *DEMO, "--markdown", tmp_path / "table.md")
    assert ran.code == 0
    assert "simulated catalogue of nowcast_demo" in ran.out
    text = (tmp_path / "table.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["32", "64", "128", "192", "256"]
    assert "(4.4e-10)" in lines[2]
    assert "(0.0003)" in lines[-1]
    assert len({line.count("|") for line in lines}) == 1


def test_json_for_programs(slipbench: Callable) -> None:
    ran = slipbench("window-study", "nowcast_demo", *DEMO, "--estimator", "positive", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["mc"] == 4.0
    assert found["source"] == "simulated"
    assert [r["window_days"] for r in found["rows"]] == [32, 64, 128, 192, 256]
    assert all(0.5 < r["mean"] < 1.5 for r in found["rows"][2:])
    assert found["published"]["128"]["cv"] == 0.29


def test_mistakes_are_one_line(slipbench: Callable) -> None:
    for arguments, words in (
        (("source_demo",), "one of recipe 'nowcast'"),
        (("nowcast_demo", "--estimator", "akki"), "did you mean 'aki'"),
        (("nowcast_demo", "--markdown", "/nowhere/at/all.md"), "an existing folder"),
        (("nowcast_japan18",), "real data"),
    ):
        ran = slipbench("window-study", *arguments)
        assert (ran.code, ran.out) == (2, "")
        (line,) = ran.err.strip().splitlines()
        assert words in line, line


def test_completeness_can_be_found_by_goodness_of_fit(slipbench: Callable) -> None:
    ran = slipbench("window-study", "nowcast_demo", *DEMO, "mc=goodness_of_fit", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["mc"] == 4.0  # the made catalogue is complete from its smallest magnitude
