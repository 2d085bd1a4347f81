"""The nowcast suite's report and the numbers in it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from statsmodels.tsa.stattools import acf

from slipbench.benchmarks.figures import draw
from slipbench.benchmarks.leaderboard import leaderboard, number
from slipbench.benchmarks.nowcast.autocorrelation import autocorrelation, correlation_time, memory
from slipbench.benchmarks.nowcast.calibration import below, calibration_table
from slipbench.benchmarks.nowcast.context import context
from slipbench.benchmarks.nowcast.cost import cost_table
from slipbench.benchmarks.nowcast.earthquakes import large
from slipbench.benchmarks.nowcast.leakage import sample_table, score_table
from slipbench.benchmarks.nowcast.rank_figure import losses, rankings
from slipbench.benchmarks.nowcast.report import write_report
from slipbench.benchmarks.nowcast.section import sections_of
from slipbench.benchmarks.nowcast.series import events, label_series, lengths
from slipbench.benchmarks.quantiles import LEVELS
from slipbench.benchmarks.results import Outcome, models_of
from slipbench.benchmarks.splits import COUNT, embargo_days

from .made_nowcast import ATTRS, FIRST, made_label, made_table
from .toy_suites import toy_nowcast

DAYS = 1000


def made_context() -> list[Outcome]:
    """Labels of every day, one length, and a catalogue with a large earthquake in the middle."""
    rng = np.random.default_rng(0)
    n = 400
    time = np.sort(rng.uniform(FIRST - 500, FIRST + DAYS, n))
    magnitude = rng.uniform(4.5, 6.5, n)
    magnitude[300] = 7.4
    columns = {
        "latitude": rng.uniform(34, 40, n),
        "longitude": rng.uniform(139, 144, n),
        "magnitude": magnitude,
    }
    none = [float("nan")] * n
    found = [
        Outcome(f"event_{name}", "1", list(range(n)), time.tolist(), v.tolist(), none)
        for name, v in columns.items()
    ]
    found.append(Outcome("embargo_days", "d", [0], [float("nan")], [embargo_days(ATTRS)], [float("nan")]))
    y = made_label(DAYS, "two_sided").tolist()
    days = (FIRST + np.arange(DAYS)).tolist()
    return [*found, Outcome("label_two_sided", "1", list(range(DAYS)), days, y, [float("nan")] * DAYS)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return made_table(tmp_path_factory.mktemp("made"), DAYS, ("two_sided",), 2, made_context())


@pytest.fixture(scope="module")
def board(table: pd.DataFrame) -> pd.DataFrame:
    return leaderboard(table)


def test_autocorrelation_agrees_with_statsmodels_and_skips_missing_days() -> None:
    series = lfilter([1], [1, -0.8], np.random.default_rng(0).standard_normal(3000))
    days = np.arange(3000.0) + 14000
    np.testing.assert_allclose(autocorrelation(days, series, 50), acf(series, nlags=50), atol=1e-9)
    known = np.random.default_rng(1).uniform(size=3000) < 0.7
    known[[0, -1]] = True
    few = autocorrelation(days[known], series[known], 10)
    np.testing.assert_allclose(few, 0.8 ** np.arange(11), atol=0.08)
    assert np.isnan(autocorrelation(days, np.ones(3000), 5)).all()


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_correlation_time_of_an_autoregressive_series_is_known(phi: float) -> None:
    rng = np.random.default_rng(2)
    days = np.arange(4000.0)
    found = [memory(days, lfilter([1], [1, -phi], rng.standard_normal(4000)))[1] for _ in range(40)]
    assert np.mean(found) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


def test_the_correlation_time_of_a_smoothed_series_is_that_of_its_kernel() -> None:
    """White noise under a Gaussian kernel of bandwidth h has 2 sqrt(pi) h."""
    lag = np.arange(400)
    assert correlation_time(np.exp(-(lag**2) / (4 * 20**2))) == pytest.approx(
        2 * np.sqrt(np.pi) * 20, rel=1e-3
    )
    assert correlation_time(np.array([1.0, -0.9, 0.5, 0.1])) == 1.0


def test_the_leakage_tables_tell_memory_from_skill(table: pd.DataFrame, board: pd.DataFrame) -> None:
    sections = sections_of(table, board)
    assert [s.title for s in sections] == [
        "random (LEAKY), two_sided",
        "chronological, two_sided",
        "blocked, two_sided",
    ]
    lines = {line.split("|")[1].strip(): line.split("|") for line in score_table(sections).splitlines()[2:]}
    leaky = lines["random (LEAKY), two_sided"]
    assert leaky[3].strip().startswith("pfn (")
    assert float(leaky[7].split()[0]) >= 100  # the date alone does better than any decoder
    day = board[(board["split"] == "blocked") & (board["model"] == "day_number")].iloc[0]
    assert lines["blocked, two_sided"][5].split()[0] == number(day["r2"])
    samples = {
        line.split("|")[1].strip(): line.split("|") for line in sample_table(table, sections).splitlines()
    }
    series = label_series(table, "two_sided")
    scale = memory(series.days, series.level)[1]
    for split in ("random (LEAKY)", "blocked"):
        assert float(samples[f"{split}, two_sided"][4]) == pytest.approx(scale, rel=0.01)
    # test days at random see the whole period, those of one block only it
    assert float(samples["random (LEAKY), two_sided"][5]) == pytest.approx(DAYS / scale, rel=0.05)
    assert float(samples["blocked, two_sided"][5]) == pytest.approx(0.3 * DAYS / scale, rel=0.05)
    assert float(samples["blocked, two_sided"][8]) == embargo_days(ATTRS)


def test_series_come_from_the_context_or_from_the_test_days(table: pd.DataFrame) -> None:
    whole = label_series(table, "two_sided")
    assert len(whole.days) == DAYS
    known = label_series(models_of(table), "two_sided")
    assert 0.5 * DAYS < len(known.days) < DAYS
    assert set(known.days) <= set(whole.days)
    np.testing.assert_array_equal(known.level, whole.level[np.isin(whole.days, known.days)])
    assert lengths(models_of(table)) == {}
    assert len(events(models_of(table))) == 0
    assert events(table)["magnitude"].max() == 7.4
    with pytest.raises(ValueError, match="no values of the label other"):
        label_series(table, "other")


def test_quantiles_are_counted_against_what_they_promise(table: pd.DataFrame, board: pd.DataFrame) -> None:
    section = sections_of(table, board)[0]
    row = section.row(model="pfn", modality="both")
    true = [v for _, s in section.cells(row) for v in s.true["density"]]
    at = [q for _, s in section.cells(row) for q in s.quantiles[:, 9]]
    assert below(section, row)[9] == pytest.approx(np.mean(np.array(true) <= np.array(at)))
    assert (np.diff(below(section, row)) >= 0).all()
    assert len(below(section, row)) == len(LEVELS)
    text = calibration_table([section])
    assert text.count("pfn (") == 3
    assert "ridge" not in text


def test_ranks_keep_leaky_splits_apart(table: pd.DataFrame) -> None:
    every = losses(table)
    assert every.shape == (3 * 2 * 3, 4)  # splits, seeds, modalities
    (honest, first, left, settings), (leaky, second, *_) = rankings(table)
    assert (honest, first.cells, left, settings) == ("splits in time", 12, [], 6)
    assert (leaky, second.cells) == ("random split (LEAKY)", 6)
    assert second.names[0] == "pfn"
    assert second.names[-1] == "ridge"


def test_of_earthquakes_near_each_other_the_largest_is_shown() -> None:
    frame = pd.DataFrame({"time": [10.0, 12.0, 60.0, 100.0], "magnitude": [7.3, 9.1, 7.0, 6.9]})
    assert large(frame, 0, 200)["time"].tolist() == [12.0, 60.0]
    assert large(frame, 80, 200)["time"].tolist() == [100.0]
    assert len(large(frame, 300, 400)) == 0


def test_a_store_tells_its_labels_and_lengths(tmp_path: Path) -> None:
    store = toy_nowcast(tmp_path / "store", 96)
    rows = np.arange(5, 96)
    found = {o.quantity: o for o in context(store, rows)}
    np.testing.assert_array_equal(found["label_two_sided"].y_true, store.read("label_two_sided")[rows])
    assert found["label_two_sided"].time == (14002.0 + rows).tolist()
    assert found["bandwidth_days"].y_true == [5.0]
    assert found["embargo_days"].y_true == [embargo_days(store.attrs)]
    assert "label_time" not in found
    assert "event_magnitude" not in found


def test_the_report_has_every_part(table: pd.DataFrame, tmp_path: Path) -> None:
    document, *figures = write_report(table, tmp_path / "report")
    text = document.read_text()
    for title in ("Leakage", "Calibration", "Average ranks", "Around the large earthquakes", "Leaderboards"):
        assert f"## {title}" in text
    assert {f.stem for f in figures} >= {"memory", "calibration", "ranks", "year_before"}
    for figure in figures:
        assert f"({figure.name})" in text
        assert figure.read_bytes().startswith(b"\x89PNG")
    assert "M 7.4" not in text  # events are in the figures
    assert "p to best" in text


def test_without_context_and_distributions_the_rest_is_told(table: pd.DataFrame, tmp_path: Path) -> None:
    few = models_of(table)
    few = few[(few["model"] != "pfn") & (few["seed"] == 0) & (few["split"] == "blocked")]
    document, *figures = write_report(few, tmp_path / "report")
    assert {f.stem for f in figures} == {"memory", "ranks"}
    assert "## Calibration" not in document.read_text()
    none = few.assign(status="failed", reason="gone")
    assert [f.name for f in write_report(none, tmp_path / "none")] == ["report.md"]


def test_quantiles_are_no_quantities_of_the_figures(table: pd.DataFrame, tmp_path: Path) -> None:
    (drawing,) = draw(table[table["split"] == "blocked"], tmp_path)
    assert drawing.path.read_bytes().startswith(b"\x89PNG")


def test_counts_are_reported_by_their_deviance(tmp_path: Path) -> None:
    table = made_table(tmp_path / "cells", 700, (COUNT,), 1)
    table = table[table["split"] == "random"]
    found = leaderboard(table)
    assert found["deviance"].is_monotonic_increasing
    (section,) = sections_of(table, found)
    assert section.metric.name == "deviance"
    assert "Poisson deviance" in score_table([section])
    assert losses(table)["pfn"].notna().all()


def test_cost_is_the_mean_over_the_cells(table: pd.DataFrame) -> None:
    slow = table.copy()
    mean = (slow["model"] == "mean") & (slow["split"] == "random") & (slow["seed"] == 0)
    slow.loc[mean, "fit_seconds"] = 13.0  # 1 s in the other five cells
    slow.loc[mean, "peak_mib"] = 900.0  # 500 in all others
    lines = cost_table(slow).splitlines()
    assert lines[2] == "| mean | - | 6 | 3.00 | 0.100 | 900 |"
    assert lines[3] == "| persistence | - | 6 | 2.00 | 0.100 | 500 |"
    assert not any("samples" in line for line in lines)
