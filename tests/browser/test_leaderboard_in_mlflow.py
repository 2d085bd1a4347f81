"""MLflow's pages of a suite that slipbench has tracked, read as people read them, in a real browser."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.entities import Run

from slipbench.platform.tracking import Tracker

from .conftest import QUIET
from .devtools import PATIENCE, Page, browser
from .mlflow_ui import mlflow_ui

pytestmark = [pytest.mark.service, pytest.mark.timeout(280)]
#: The demo made small.
BENCH = [
    "decoders=[{decoder: ridge}, {decoder: random_forest, trees: 10}]",
    "baselines=[{baseline: mean}, {baseline: persistence}]",
    "modalities=[ab]",
    "splits=[random, chronological]",
    "seeds=[0]",
]


@dataclass(frozen=True)
class Tracked:
    """A tracked suite: MLflow's address, the experiment's id, the runs."""

    url: str
    experiment: str
    runs: list[Run]

    @property
    def honest(self) -> list[Run]:
        """Cells of splits that are not leaky."""
        return [r for r in self.runs if r.data.tags.get("leaky") == "False"]


@pytest.fixture(scope="module")
def tracked(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracked]:
    home = tmp_path_factory.mktemp("home")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SLIPBENCH_", "MLFLOW_"))}
    program = Path(sys.executable).parent / "slipbench"
    done = subprocess.run(
        [program, "bench", "nowcast_demo", *BENCH],
        env=env | {"SLIPBENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    with mlflow_ui(home) as url:
        tracker = Tracker(url, home / "artifacts")
        found = tracker._client.get_experiment_by_name("nowcast_demo")
        yield Tracked(url, found.experiment_id, tracker.runs("nowcast_demo"))


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with browser(chromium, QUIET, tmp_path / "profile") as opened:
        yield opened


#: Width and height on the page and pixels of the first picture that is there.
_PICTURE = """(() => {
    const found = [...document.querySelectorAll('img')].find(i => i.complete && i.naturalWidth > 200);
    const box = found?.getBoundingClientRect();
    return box?.width && box.height ? [box.width, box.height, found.naturalWidth] : null;
})()"""


def by_text(tag: str, text: str) -> str:
    """Script that finds an element by all of its text."""
    return f"[...document.querySelectorAll('{tag}')].find(e => e.textContent.trim() === {json.dumps(text)})"


def follow(page: Page, text: str) -> None:
    """Go where a link of a description leads, loaded anew as in the tab of its own that it would open."""
    page.until(f"!!{by_text('a', text)}", f"the link {text}")
    where = page.run(f"{by_text('a', text)}.href")
    page.open("about:blank")
    page.open(where)


def column(page: Page, name: str) -> list[str]:
    """Texts of a column of the table of runs, from its top to its bottom."""
    return page.run(
        f"[...document.querySelectorAll('[role=gridcell][col-id=\"{name}\"]')]"
        ".sort((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y)"
        ".map(cell => cell.innerText.trim())"
    )


def wait_for_column(page: Page, name: str, wanted: list[str]) -> None:
    """Wait until the rows, which the server sends anew, stand in an order."""
    deadline = time.monotonic() + PATIENCE
    while (found := column(page, name)) != wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted}"
        time.sleep(0.1)


def choose(page: Page, *names: str) -> None:
    """Tick columns in MLflow's list of them."""
    page.click(by_text("button", "Columns"), "the button Columns")
    for name in names:
        page.click("document.querySelector('input[placeholder=\"Search columns\"]')", "the list of columns")
        page.write(name)
        # names lose their title attribute while they are searched for
        node = by_text(".du-bois-light-tree-treenode", name) + "?.querySelector('[class*=tree-checkbox]')"
        page.click(node, f"the box of the column {name}")
        page.until(f"{node}?.className.includes('checked')", f"the tick at the column {name}")
    page.click(by_text("button", "Columns"), "the button Columns")


def test_the_leaderboard_is_found_and_sorted_by_a_metric(
    tracked: Tracked, page: Page, tmp_path: Path
) -> None:
    page.open(f"{tracked.url}/#/experiments/{tracked.experiment}/runs")
    follow(page, "leaderboard")
    page.until(f"document.body.innerText.includes('{len(tracked.honest)} matching runs')", "the cells")
    choose(page, "crps", "r2", "model")
    ranked = sorted(tracked.honest, key=lambda run: run.data.metrics["crps"])
    best_first = [run.data.params["model"] for run in ranked]
    assert sorted(best_first) == ["mean", "persistence", "random_forest", "ridge"]
    for order in ("descending", "ascending"):  # the first click, the second click
        page.click("document.querySelector('[data-testid=\"sort-header-crps\"]')", "the heading crps")
        wanted = best_first if order == "ascending" else best_first[::-1]
        wait_for_column(page, "params.`model`", wanted)
        page.picture(tmp_path / f"{order}.png")


def test_a_figure_of_the_suite_is_seen(tracked: Tracked, page: Page, tmp_path: Path) -> None:
    page.open(f"{tracked.url}/#/experiments/{tracked.experiment}/runs")
    follow(page, "suites, with figures and tables")
    page.click("document.querySelector('[role=gridcell] a[href*=\"/runs/\"]')", "the run of the suite")
    page.click(by_text("[role=tab], a, button", "Artifacts"), "the tab Artifacts")
    figure = "nowcast_demo-chronological-two_sided.png"
    page.click(f"document.querySelector('[artifact-name=\"{figure}\"]')", "the figure's name")
    width, height, pixels = page.until(_PICTURE, "the figure")
    page.picture(tmp_path / "figure.png")
    assert min(width, height) > 200
    assert pixels > 200
