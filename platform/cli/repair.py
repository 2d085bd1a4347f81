"""``slipbench repair``: rebuild exactly what ``verify`` finds missing or changed."""

from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    store: Annotated[str, typer.Argument(help="folder or file:// URI of a sealed store")],
    as_json: AsJson = False,
) -> int:
    """Mend a sealed store byte by byte; foreign files are reported and left alone (exit code 1)."""
    from dataclasses import asdict

    from slipbench.datasets.location import folder_of
    from slipbench.datasets.recipes.remake import recipe_of_store
    from slipbench.datasets.store.repair import repair
    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.settings import settings

    folder = folder_of(store)
    place = settings()
    plan = recipe_of_store(folder, place.data).plan()
    with Reporter("repair", folder.name, place=place) as report:
        done = repair(folder, plan, report.counter("repair"))
    if as_json:
        print_json({"store": folder, **asdict(done)})
    else:
        for name in done.files:
            out().print(f"restored: {name}")
        for name in done.foreign:
            out().print(f"foreign, left alone: {name}")
        out().print(f"{folder}: {len(done.files)} files restored, {len(done.shards)} shards made again")
    return 1 if done.foreign else 0
