"""``slipbench inspect``: the dataset card of a store."""

from pathlib import Path
from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    store: Annotated[str, typer.Argument(help="folder or file:// URI of a sealed store")],
    png: Annotated[Path | None, typer.Option("--png", help="write the picture of the card here")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a store holds: rows, arrays with units, sources, policies, and a picture."""
    from slipbench.datasets.errors import InputError
    from slipbench.datasets.recipes.base import RECIPES
    from slipbench.datasets.store.reader import Store
    from slipbench.platform.card import card
    from slipbench.platform.cli.console import print_json

    if png and not png.expanduser().absolute().parent.is_dir():
        raise InputError(f"--png {png}", "its folder does not exist", "an existing folder", "make it first")
    opened = Store(store)
    facts = card(opened)
    if png:
        recipe = RECIPES.get(facts["recipe"], opened.folder)
        recipe.plot(opened, png)
        facts["png"] = str(png)
    if as_json:
        print_json(facts)
    else:
        _show(facts, opened)


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
