"""``slipbench inspect``: the card of a store, or what a network consists of."""

from pathlib import Path
from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    what: Annotated[
        str,
        typer.Argument(
            help="folder or file:// URI of a sealed store, a checkpoint (.ckpt, .safetensors), "
            "models:/NAME@ALIAS of a registered network, or a trainer's YAML"
        ),
    ],
    png: Annotated[Path | None, typer.Option("--png", help="write the picture of the card here")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="of a dataset's YAML or name: what 'slipbench plan' shows of it")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a store holds (rows, arrays, sources, a picture) or a network's parts and parameters."""
    from slipbench.datasets.errors import InputError

    if plan:
        from slipbench.platform.cli.plan import command as show_plan

        if png:
            raise InputError("--png", "a plan has no picture", "--plan or --png", "build the dataset first")
        show_plan(what, as_json=as_json)
        return
    if what.startswith("models:/") or what.endswith((".ckpt", ".safetensors", ".yaml", ".yml")):
        _network(what, as_json)
        return
    from slipbench.datasets.recipes.base import RECIPES
    from slipbench.datasets.store.reader import Store
    from slipbench.platform.card import card
    from slipbench.platform.cli.console import print_json

    if png and not png.expanduser().absolute().parent.is_dir():
        raise InputError(f"--png {png}", "its folder does not exist", "an existing folder", "make it first")
    opened = Store(what)
    facts = card(opened)
    if png:
        recipe = RECIPES.get(facts["recipe"], opened.folder)
        recipe.plot(opened, png)
        facts["png"] = str(png)
    if as_json:
        print_json(facts)
    else:
        _show(facts, opened)


def _network(what: str, as_json: bool) -> None:
    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.config.find import find
    from slipbench.platform.config.load import load
    from slipbench.platform.network_card import checkpoint_card, trainer_card
    from slipbench.platform.registered import network_file
    from slipbench.platform.settings import settings
    from slipbench.trainers.options import TrainerOptions

    if what.endswith((".yaml", ".yml")):
        facts = trainer_card(load(find("trainers", what), TrainerOptions), settings())
    else:
        facts = checkpoint_card(network_file(what, settings()))
    if as_json:
        print_json(facts)
        return
    show = out().print
    show(f"{facts['network']}: {facts['summary']} ({facts['reference']})", soft_wrap=True)
    show(f"  reads rows of {' × '.join(str(n) for n in facts['row_shape'])}")
    for name, n in facts["parts"].items():
        show(f"  {name:<12}{n:>12,} parameters")
    show(f"  {'in all':<12}{facts['parameters']:>12,} parameters")


def _show(facts: dict, opened: object) -> None:
    from rich.table import Table

    from slipbench.platform.card import picture
    from slipbench.platform.cli.console import out

    console = out()
    rows = ", ".join(f"{n} {split}" for split, n in facts["rows_by_split"].items())
    console.print(facts["store"])
    console.print(f"  recipe    {facts['recipe']}, dataset {facts['dataset_hash'][:12]}")
    console.print(f"  samples   {facts['rows']} ({rows}) in {facts['shards']} shards")
    console.print(f"  on disk   {facts['bytes'] / 1e6:.1f} MB")
    for source in facts["sources"]:
        console.print(f"  source    {source['name']} (sha256 {source['sha256'][:12]})")
    for name, count in facts["policies_applied"].items():
        console.print(f"  policy    {name}: {count}")
    for name, value in facts["more"].items():
        text = str(value)
        console.print(f"  {name}: {text if len(text) <= 100 else text[:99] + '…'}")
    table = Table("array", "shape", "type", "units", "what")
    for array in facts["arrays"]:
        shape = " × ".join(str(n) for n in array["shape"])
        table.add_row(array["name"], shape, array["dtype"], array["units"], array["about"])
    console.print(table)
    drawn = None if "png" in facts else picture(opened)  # type: ignore[arg-type]
    if drawn:
        title, lines = drawn
        console.print(title)
        for line in lines:
            console.print(f"  {line}")
    if "png" in facts:
        console.print(f"picture in {facts['png']}")
