"""``slipbench fetch``: data of public sources, and their terms."""

from pathlib import Path
from typing import Annotated

import typer

from slipbench.platform.cli.arguments import AsJson


def command(
    source: Annotated[str | None, typer.Argument(help="a source; without one, all are listed")] = None,
    values: Annotated[
        list[str] | None, typer.Argument(help="values of its keys, such as station=J550", show_default=False)
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="folder for the file")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="download again what the cache holds")] = False,
    sha256: Annotated[str | None, typer.Option("--sha256", help="expected checksum of the file")] = None,
    as_json: AsJson = False,
) -> None:
    """List the public sources with licence and citation, or download one file."""
    from dataclasses import asdict

    from slipbench.datasets.errors import InputError
    from slipbench.datasets.fetch.cache import fetch
    from slipbench.datasets.fetch.sources import SOURCES, find_source
    from slipbench.platform.cli.console import err, out, print_json
    from slipbench.platform.cli.progress import Reporter
    from slipbench.platform.settings import settings

    if source is None:
        if as_json:
            print_json([asdict(s) for s in SOURCES.values()])
            return
        for s in SOURCES.values():
            keys = " ".join(f"{k}={s.defaults[k]}" if k in s.defaults else f"{k}=..." for k in s.keys)
            out().print(f"{s.name} {keys}".rstrip() if s.url else f"{s.name} (by hand: login or form)")
            for name in ("title", "licence", "citation", "home"):
                out().print(f"    {name:9}{getattr(s, name)}", soft_wrap=True)
        return
    chosen = find_source(source)
    given: dict[str, str] = {}
    for text in values or []:
        key, sign, value = text.partition("=")
        if not sign or key in given:
            raise InputError(f"argument {text}", "no new KEY=VALUE", "such as station=J550", "correct it")
        given[key] = value
    url, name = chosen.address(given)
    if to is None:
        raise InputError("--out", "not given", "a folder for the file", "add --out FOLDER")
    target = to.expanduser().absolute() / name
    with Reporter("fetch", name) as report:
        step = report.stage(f"fetch {source}")
        done = fetch(
            url,
            target,
            settings().home / "downloads",
            refresh,
            sha256=sha256,
            progress=lambda have, total: step("bytes", have, total or have + 1),
        )
    if as_json:
        print_json({"file": target, "url": url, **asdict(done), "licence": chosen.licence})
        return
    origin = f"{done.requests} requests" if done.requests else "from the cache"
    out().print(f"{target}: {done.size} bytes, sha256 {done.sha256}, {origin}", soft_wrap=True)
    err().print(f"licence: {chosen.licence}; cite: {chosen.citation}")
