"""``slipbench status``: what runs and what ran below SLIPBENCH_HOME."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from slipbench.platform.cli.arguments import AsJson

#: Past commands, suites and fits that are printed.
SHOWN = 10


def command(
    every: Annotated[bool, typer.Option("--all", help=f"more than the {SHOWN} newest of each kind")] = False,
    as_json: AsJson = False,
) -> None:
    """Show running commands with stage, count and time to go, and what became of past ones."""
    from slipbench.platform.cli.console import out, print_json
    from slipbench.platform.settings import settings
    from slipbench.platform.status import read_status

    found = read_status(settings())
    if as_json:
        print_json(found)
        return
    for line in _lines(found, len(found["past"] + found["suites"] + found["fits"]) if every else SHOWN):
        out().print(line, soft_wrap=True)


def _lines(found: Mapping[str, Any], most: int) -> Iterator[str]:
    held = found["holder"]
    by = f"process {held.get('pid')} on {held.get('host')} writes there" if held else "nobody writes there"
    yield f"{found['home']}: {by}"
    for one in found["running"]:
        yield f"running: {_name(one)}"
        for stage in [s for s in one["stages"] if not s.get("ended")] or one["stages"][-1:]:
            yield f"    {_stage(stage)}"
        if one.get("said"):
            yield f"    {one['said']}"
    if not found["running"]:
        yield "nothing runs"
    for title, key, line in (
        ("past commands", "past", _past),
        ("suites", "suites", _suite),
        ("fits", "fits", _fit),
    ):
        yield from _section(title, [line(one) for one in found[key]], most)
    if found["waiting"]:
        yield f"{found['waiting']} suites wait for the tracking server ('slipbench track' sends them)"


def _section(title: str, lines: Sequence[str], most: int) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"    {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"    and {len(lines) - most} more (--all)"


def _name(one: Mapping[str, Any]) -> str:
    process = one["process"]
    hurt = f", {one['failures']} failures" if one.get("failures") else ""
    return (
        f"{one['command']} {one['subject']} (run {one['run']}, process {process.get('pid')} on "
        f"{process.get('host')}, for {_span(time.time() - one['since'])}{hurt})"
    )


def _stage(stage: Mapping[str, Any]) -> str:
    left, detail = stage.get("seconds_left"), stage.get("detail")
    text = f"{stage.get('stage')}: {stage.get('done')} of {stage.get('total')}"
    text += f", about {_span(left)} left" if left is not None else ""
    return text + (f", now {detail}" if detail else "")


def _past(one: Mapping[str, Any]) -> str:
    text = f"{_when(one['since'])}  {one['command']} {one['subject']}: {one['state']}"
    text += f" after {_span(one['heard'] - one['since'])}"
    if one["state"] != "done" and one["stages"]:
        text += f" at {_stage({**one['stages'][-1], 'seconds_left': None})}"
    text += f", {one['failures']} failures" if one.get("failures") else ""
    return text + (f" ({one['reason']})" if one.get("reason") else "")


def _suite(one: Mapping[str, Any]) -> str:
    failed = f", {one['failed']} failed" if one["failed"] else ""
    return f"{_when(one['at'])}  {one['suite']}: {one['state']}, {one['cells']} cells{failed}"


def _fit(one: Mapping[str, Any]) -> str:
    text = f"{_when(one['at'])}  {one['fit']}: {one['state']}"
    if "best_epoch" in one:
        text += f", best epoch {one['best_epoch']} of {one['epochs']}, loss {one['validation_loss']:.4g}"
    if "trials" in one:
        text += f", {one['trials']} trials"
    return text + (f", {_span(one['seconds'])}" if "seconds" in one else "")


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _span(seconds: float) -> str:
    """A time for people."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
