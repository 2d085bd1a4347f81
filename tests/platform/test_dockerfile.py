"""The Dockerfile: linted, and small checks of what it would put into the images. No image is built here."""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "k8s" / "Dockerfile"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@dataclass
class Stage:
    """One stage: its base (an image or another stage) and its instructions."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [text for word, text in self.instructions if word == name]


def stages() -> dict[str, Stage]:
    lines = [
        line for line in FILE.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        word, _, text = line.partition(" ")
        if word == "FROM":
            base, _, name = text.partition(" AS ")
            current = found[name] = Stage(base)
        else:
            assert current is not None
            current.instructions.append((word, text.strip()))
    return found


STAGES = stages()


def ancestry(name: str) -> list[Stage]:
    """A stage and those that it starts from, the oldest first."""
    stage = STAGES[name]
    return [*(ancestry(stage.base) if stage.base in STAGES else []), stage]


def hadolint(text: str) -> str:
    """What hadolint says about a Dockerfile."""
    program = Path(sys.executable).parent / "hadolint"
    command = [str(program), "--no-color", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60).stdout


def test_hadolint_has_nothing_to_say() -> None:
    assert hadolint(FILE.read_text()) == ""


def test_hadolint_finds_mistakes() -> None:
    text = FILE.read_text().replace(":3.11.14-slim-bookworm", ":latest").replace("USER 10001", "USER root")
    assert {"DL3007", "DL3002"} <= set(re.findall(r"DL\d+", hadolint(text)))


def test_every_image_from_outside_is_pinned_to_a_tested_python() -> None:
    outside = {s.base for s in STAGES.values()} - set(STAGES)
    assert len(outside) == 1
    version = re.fullmatch(r"python:(3\.\d+)\.\d+-slim-[a-z]+", outside.pop())
    assert version
    tested = [c.rpartition(" ")[2] for c in PYPROJECT["project"]["classifiers"] if "Python :: 3." in c]
    assert version[1] in tested


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_a_target_runs_slipbench_as_nobody_in_particular(target: str) -> None:
    users = [u for stage in ancestry(target) for u in stage.all("USER")]
    entries = [e for stage in ancestry(target) for e in stage.all("ENTRYPOINT")]
    assert int(users[-1]) == 10001
    assert entries == ['["slipbench"]']
    compilers = [i for stage in ancestry(target) for i in stage.all("RUN") if "gcc" in i]
    assert bool(compilers) == (target == "cuda")


def test_cpu_is_what_a_build_without_a_target_makes() -> None:
    assert list(STAGES)[-1] == "cpu"


def test_the_wheel_is_built_from_every_package_and_the_licence() -> None:
    copied = {w for text in STAGES["wheel"].all("COPY") for w in text.split()[:-1]}
    floors = set(PYPROJECT["tool"]["setuptools"]["package-dir"].values())
    needed = {"pyproject.toml", PYPROJECT["project"]["readme"], *PYPROJECT["project"]["license-files"]}
    assert copied == floors | needed
    seen = (FILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in seen if line.startswith("!")}
    assert allowed == copied | {"constraints.txt"}


def test_the_images_hold_what_stores_on_s3_and_the_tracking_server_need() -> None:
    (install,) = STAGES["environment"].all("RUN")
    (extras,) = re.findall(r"\.whl\)\[([a-z0-9,]+)\]", install)
    assert set(extras.split(",")) == {"s3", "server"}
    assert set(extras.split(",")) <= set(PYPROJECT["project"]["optional-dependencies"])
    assert "--constraint /constraints.txt" in install


def test_kuberay_finds_what_it_calls_in_a_ray_container() -> None:
    """Its health checks are ``wget`` in ``bash``, and it starts ``ray``."""
    installed = [i for stage in ancestry("cpu") for i in stage.all("RUN")]
    assert any(re.search(r"install .*\bwget\b", i) for i in installed)
    assert any(d.startswith("ray[") for d in PYPROJECT["project"]["dependencies"])
