"""The promises of the repository itself: names, packages, imports, files."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("platform", "benchmarks", "trainers", "datasets")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("floor", FLOORS)
def test_top_folders_shadow_nothing(floor: str) -> None:
    assert (ROOT / floor).is_dir()
    assert not (ROOT / floor / "__init__.py").exists()


def test_standard_platform_wins_from_the_repository_root() -> None:
    code = "import platform, torch, ray, mlflow, zarr; print(platform.system())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "Linux"


def test_every_package_folder_is_listed_for_setuptools() -> None:
    code = {p.parent.relative_to(ROOT) for floor in FLOORS for p in (ROOT / floor).rglob("*.py")}
    configs = {p.parent.relative_to(ROOT) for p in (ROOT / "configs").rglob("*.yaml")}
    expected = {"slipbench." + ".".join(folder.parts) for folder in code | configs} | {"slipbench.configs"}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == expected


def test_every_dependency_has_a_floor_that_constraints_satisfy() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    pins = {canonicalize_name(name): version for name, version in pins.items()}
    extras = PYPROJECT["project"]["optional-dependencies"]
    for text in [*PYPROJECT["project"]["dependencies"], *extras["dev"]]:
        need = Requirement(text)
        assert any(s.operator == ">=" for s in need.specifier), f"{text} has no floor"
        assert need.specifier.contains(pins[canonicalize_name(need.name)]), f"{text} against constraints.txt"


def test_constraints_name_no_index() -> None:
    assert not re.search(r"://|--", (ROOT / "constraints.txt").read_text())


def test_only_one_lightning() -> None:
    names = {re.split(r"[=<>\[ ]", line)[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert "pytorch-lightning" in names
    assert "lightning" not in names


def test_what_makes_shards_leaves_the_filters_of_all_threads_alone() -> None:
    """`warnings.catch_warnings` changes them for every thread, and shards are made in threads."""
    used = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "datasets").rglob("*.py")
        if "catch_warnings" in path.read_text()
    }
    outside = {"readers/miniseed.py", "recipes/pools.py", "seismicity/window_study.py"}  # no shard runs them
    assert used <= {f"datasets/{name}" for name in outside}


@pytest.mark.parametrize("target", ["setup", "demo", "test", "lint", "speed", "scale", "ui", "clean"])
def test_make_help_lists(target: str) -> None:
    run = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"make {target}\s+\S", run.stdout)
