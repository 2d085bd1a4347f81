"""Configuration files: how they are put together, and what is said about every mistake in them."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from slipbench.datasets.errors import InputError
from slipbench.datasets.options import Options
from slipbench.platform.config.compose import COMMAND_LINE, compose
from slipbench.platform.config.find import find, shipped
from slipbench.platform.config.load import load


class Square(Options):
    shape: Literal["square"]
    side: float = Field(gt=0, description="length of a side (m)")
    colour: Literal["red", "green"] = "red"


class Circle(Options):
    shape: Literal["circle"]
    radius: float = Field(1.0, gt=0, description="radius (m)")


Shape = Annotated[Square | Circle, Field(discriminator="shape")]


class Drawing(Options):
    name: str = Field(pattern=r"^[a-z]+$", description="name of the drawing")
    first: Shape = Field(description="shape in front")
    copies: int = Field(1, ge=1, description="sheets")
    devices: int | Literal["auto"] = Field("auto", description="number of printers")
    others: dict[str, Shape] = Field(default_factory=dict, description="more shapes")
    ranges: dict[str, Square | Circle] = Field(default_factory=dict, description="untagged")
    extra: Square | None = Field(None, description="one more")


GOOD = "name: sheet\nfirst: {shape: square, side: 2}\n"


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _message(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load(path, Drawing, overrides)
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.exit_code == 2
    return line


def test_defaults_are_merged_in_order_and_the_file_wins(tmp_path: Path) -> None:
    _write(
        tmp_path,
        base="name: base\ncopies: 2\nfirst: {shape: square, side: 1}",
        shape="side: 5\ncolour: green",
        top="defaults:\n  - base.yaml\n  - {first: shape.yaml}\nname: top",
    )
    assert compose(tmp_path / "top.yaml").values == {
        "name": "top",
        "copies": 2,
        "first": {"shape": "square", "side": 5, "colour": "green"},
    }


def test_defaults_are_relative_to_the_file_they_stand_in_and_may_be_nested(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _write(tmp_path / "a", top="defaults: [{x.y: ../b/middle.yaml}]")
    _write(tmp_path / "b", middle="defaults: [leaf.yaml]\nq: 1", leaf="q: 0\nr: 2")
    composed = compose(tmp_path / "a" / "top.yaml")
    assert composed.values == {"x": {"y": {"q": 1, "r": 2}}}
    assert composed.origin(("x", "y", "r")).endswith("leaf.yaml")
    assert composed.origin(("x", "y", "q")).endswith("middle.yaml")


def test_a_part_of_a_file_can_be_merged(tmp_path: Path) -> None:
    _write(
        tmp_path,
        store="about: {date: 2026}\nshapes:\n  big: {shape: square, side: 9}\n",
        main="defaults:\n  - first: store.yaml#shapes.big\nname: a\nfirst: {colour: green}\n",
    )
    drawing = load(tmp_path / "main.yaml", Drawing)
    assert drawing.first == Square(shape="square", side=9, colour="green")
    origin = compose(tmp_path / "main.yaml").origin
    assert origin(("first", "side")) == str(tmp_path / "store.yaml")
    assert origin(("first", "colour")) == str(tmp_path / "main.yaml")
    for part, hint in (("shapes.bigg", "did you mean 'big'"), ("shapes.big.side", "take what is above")):
        _write(tmp_path, main=f"defaults: [{{first: store.yaml#{part}}}]\nname: a\n")
        line = _message(tmp_path / "main.yaml")
        assert f"has no mapping '{part}'" in line
        assert hint in line


def test_a_list_is_not_changed_item_by_item(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("names: [{a: 1}, {a: 2}]\n")
    with pytest.raises(InputError, match=r"names\.0\.a=3.*a list only as a whole"):
        compose(tmp_path / "a.yaml", ["names.0.a=3"])


def test_overrides_win_and_are_read_as_yaml(tmp_path: Path) -> None:
    _write(tmp_path, top=GOOD)
    composed = compose(
        tmp_path / "top.yaml", ["first.side=1e-3", "copies=3", "others={a: {shape: circle}}", "name=other"]
    )
    assert composed.values == {
        "name": "other",
        "copies": 3,
        "first": {"shape": "square", "side": 0.001},
        "others": {"a": {"shape": "circle"}},
    }
    assert composed.origin(("first", "side")) == COMMAND_LINE


def test_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPBENCH_TEST_NAME", "fromenv")
    _write(tmp_path, top="name: ${oc.env:SLIPBENCH_TEST_NAME}\nfirst: {shape: square, side: 2}")
    assert load(tmp_path / "top.yaml", Drawing).name == "fromenv"
    monkeypatch.delenv("SLIPBENCH_TEST_NAME")
    line = _message(tmp_path / "top.yaml")
    assert "top.yaml: name" in line
    assert "SLIPBENCH_TEST_NAME" in line


def test_a_cycle_of_defaults_is_told(tmp_path: Path) -> None:
    _write(tmp_path, a="defaults: [b.yaml]", b="defaults: [a.yaml]")
    assert "a.yaml -> b.yaml -> a.yaml" in _message(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: sheet\nfirst: {shape: square, sied: 2}", ["first.sied", "unknown key 'sied'", "'side'"]),
        (GOOD + "copeis: 3", ["copeis: unknown key 'copeis'", "Drawing", "'copies'"]),
        (GOOD + "copies: many", ["copies: 'many'", "integer", "sheets"]),
        (GOOD + "copies: 0", ["copies: 0", "greater than or equal to 1", "sheets"]),
        (GOOD + "devices: x", ["devices: 'x'", "integer or 'auto'"]),
        ("name: sheet\nfirst: {shape: square, side: 1, colour: gren}", ["first.colour", "'gren'", "'green'"]),
        ("name: sheet\nfirst: {shape: sqare}", ["first.shape: unknown shape 'sqare'", "'square'"]),
        ("name: sheet\nfirst: {side: 3}", ["first.shape: missing", "square, circle"]),
        ("name: sheet\nfirst: {shape: square}", ["first.side: missing", "length of a side (m)"]),
        (GOOD + "others: {a: {shape: circle, radius: -1}}", ["others.a.radius: -1", "greater than 0"]),
        (GOOD + "extra: {shape: square, seid: 1}", ["extra.seid", "unknown key 'seid'", "'side'"]),
        (GOOD + "ranges: {a: {shape: circle, radios: 1}}", ["ranges.a.radios", "unknown key", "'radius'"]),
        ("name: Sheet\nfirst: {shape: circle}", ["name: 'Sheet'", "matches '^[a-z]+$'"]),
        ("first: 3", ["name: missing", "and 1 more"]),
        ("name: sheet\nfirst: 3", ["first: 3", "a mapping"]),
        ("name: [1", ["top.yaml:2", "YAML"]),
        ("- a", ["holds no mapping"]),
        ("a: 1\na: 2", ["duplicate key a"]),
        ("defaults: base.yaml", ["defaults", "is no list"]),
        ("defaults: [{a: 1, b: 2}]", ["defaults", "one 'key: path' pair"]),
        ("defaults: [nowhere.yaml]", ["nowhere.yaml", "no such file", "top.yaml"]),
        ("", ["name: missing", "and 1 more"]),
    ],
)
def test_each_mistake_in_a_file_gets_its_line(tmp_path: Path, text: str, words: list[str]) -> None:
    _write(tmp_path, top=text)
    line = _message(tmp_path / "top.yaml")
    assert str(tmp_path) in line
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("copies", ["argument 'copies'", "key=value"]),
        ("=3", ["argument '=3'"]),
        ("a..b=3", ["argument 'a..b=3'"]),
        ("copies=[1", ["not a YAML value"]),
        ("copies=-2", ["command line: copies: -2"]),
        ("first.sied=2", ["command line: first.sied", "'side'"]),
        ("first.x.y=2", ["command line: first.x", "unknown key"]),
    ],
)
def test_each_mistake_on_the_command_line_gets_its_line(
    tmp_path: Path, override: str, words: list[str]
) -> None:
    _write(tmp_path, top=GOOD)
    line = _message(tmp_path / "top.yaml", override)
    for word in words:
        assert word in line


def test_the_file_that_set_a_wrong_value_is_named(tmp_path: Path) -> None:
    _write(tmp_path, leaf="shape: square\nside: -1", top="defaults: [{first: leaf.yaml}]\nname: sheet")
    line = _message(tmp_path / "top.yaml")
    assert line.startswith(f"{tmp_path / 'leaf.yaml'}: first.side: -1")


def test_a_bare_name_finds_a_shipped_file_and_a_wrong_one_its_neighbour() -> None:
    assert find("pipelines", "quickstart") == shipped("pipelines")["quickstart"]
    with pytest.raises(InputError, match="did you mean 'quickstart'"):
        find("pipelines", "quickstrat")
