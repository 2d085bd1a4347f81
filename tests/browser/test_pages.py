"""The leaderboard page and MLflow's page, as a real browser sees them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.results import Cell, CellResult, Outcome, read_table, write_cell
from slipbench.platform.tracking import Record, Tracker
from slipbench.platform.tracking_check import check

from .mlflow_ui import mlflow_ui

HEADER = {
    "suite": "made",
    "task": "nowcast",
    "dataset": "made",
    "dataset_hash": "0" * 64,
    "code_version": "test",
}
NOISE = {"good": 0.1, "fair": 0.5, "poor": 2.0}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    rng = np.random.default_rng(0)
    days = np.arange(15000.0, 15200.0)
    true = np.sin(days / 20)
    paths = []
    for model, noise in NOISE.items():
        pred = true + rng.normal(0, noise, len(days))
        outcome = Outcome(
            "density", "per day", list(range(len(days))), days.tolist(), true.tolist(), pred.tolist()
        )
        cell = Cell(model, "decoder", "both", "two_sided", "random", 0, True, model)
        paths.append(folder / f"{model}.parquet")
        write_cell(paths[-1], HEADER, cell, CellResult([outcome], n_train=400))
    cell = Cell("broken", "decoder", "both", "two_sided", "random", 0, True, "broken")
    paths.append(folder / "broken.parquet")
    write_cell(paths[-1], HEADER, cell, CellResult(status="failed", reason="ValueError: <b>no</b> weights"))
    return write_page(read_table(paths), folder / "leaderboard.html")


def models(dom: str) -> list[str]:
    return re.findall(r'<td class="text model"[^>]*><b>(\w+)</b>', dom)


def test_leaderboard_ranks_and_tells_failures(page: Path, dom: Callable[[str], str]) -> None:
    shown = dom(page.as_uri())
    assert models(shown) == ["good", "fair", "poor", "broken"]
    assert "leaky" in shown
    assert "ValueError: &lt;b&gt;no&lt;/b&gt; weights" in shown
    assert 'src="data:image/png;base64,' in shown


def test_leaderboard_needs_nothing_from_outside(page: Path) -> None:
    assert not re.search(r'(?:src|href)="(?!data:|#)', page.read_text())


@pytest.mark.parametrize(("clicks", "order"), [(1, ["poor", "fair", "good"]), (2, ["good", "fair", "poor"])])
def test_a_click_on_a_heading_sorts(
    page: Path, dom: Callable[[str], str], tmp_path: Path, clicks: int, order: list[str]
) -> None:
    click = "[...document.querySelectorAll('th button')].find(b => b.textContent.includes('R²')).click();"
    copy = tmp_path / "clicked.html"
    copy.write_text(page.read_text().replace("</body>", f"<script>{click * clicks}</script></body>"))
    assert models(dom(copy.as_uri())) == [*order, "broken"]


@pytest.fixture(scope="module")
def mlflow_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    tmp_path = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    check(uri)
    parent = Record("suite", "made_suite", tags={"slipbench.kind": "suite"})
    children = [Record(name, f"{name} cell", metrics={"r2": 1 - noise}) for name, noise in NOISE.items()]
    Tracker(uri, tmp_path / "artifacts").log_suite(parent, children)
    with mlflow_ui(tmp_path) as url:
        experiments = Tracker(uri, tmp_path)._client.search_experiments(filter_string="name = 'made_suite'")
        yield f"{url}/#/experiments/{experiments[0].experiment_id}/runs"


@pytest.mark.service
def test_mlflow_page_lists_the_suite_and_its_runs(mlflow_page: str, dom: Callable[[str], str]) -> None:
    shown = dom(mlflow_page)
    assert "made_suite" in shown


@pytest.mark.service
def test_ui_leaves_no_process_behind(mlflow_page: str) -> None:
    port = mlflow_page.split(":")[2].split("/")[0]
    serving = [p for p in psutil.process_iter(["cmdline"]) if port in (p.info["cmdline"] or [])]
    assert serving
    front = next(p for p in serving if "ui" in p.info["cmdline"])
    family = [front, *front.children(recursive=True)]
    front.terminate()
    gone, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    assert len(gone) > 1
