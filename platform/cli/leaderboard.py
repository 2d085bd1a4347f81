"""``slipbench leaderboard``: the ranked tables of everything below SLIPBENCH_HOME."""

from pathlib import Path
from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    suite: Annotated[str | None, typer.Option("--suite", help="only this suite")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="write the page with figures here")] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="write the tables as Markdown here")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the ranked tables with 95 % intervals; the newest results of every suite."""
    from slipbench.benchmarks.leaderboard import leaderboard
    from slipbench.benchmarks.page import write_page
    from slipbench.benchmarks.text_table import markdown as to_markdown
    from slipbench.datasets.errors import InputError
    from slipbench.platform.board import read_results
    from slipbench.platform.cli.console import err, print_json
    from slipbench.platform.cli.show import show_leaderboard
    from slipbench.platform.settings import settings

    for option, path in (("--html", html), ("--markdown", markdown)):
        if path and not path.expanduser().absolute().parent.is_dir():
            raise InputError(
                f"{option} {path}", "its folder does not exist", "an existing folder", "make it first"
            )
    table = read_results(settings().results, suite)
    if html:
        write_page(table, html.expanduser())
        err().print(f"page in {html}")
    if markdown:
        markdown.expanduser().write_text(to_markdown(table))
        err().print(f"tables in {markdown}")
    if as_json:
        board = leaderboard(table).astype(object)
        print_json(board.where(board.notna(), None).to_dict("records"))
    else:
        show_leaderboard(table)
