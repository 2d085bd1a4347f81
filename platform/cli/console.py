"""Writing to people: tables and results on stdout, everything else on stderr, nothing read as markup."""

import json
import sys
from typing import Any

from rich.console import Console

from slipbench.platform.cli import watching


def out() -> Console:
    """Console of results. Wide when it is not a terminal, so that tables in files and pipes are whole."""
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False)


def err() -> Console:
    """Console of progress, notes and errors; its lines become JSON where that is asked for."""
    if watching.NOW.json:
        from slipbench.platform.cli.json_lines import JsonText

        return Console(file=JsonText(), markup=False, highlight=False, emoji=False, soft_wrap=True)
    return Console(file=sys.stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN becomes null."""
    print(json.dumps(_finite(value), indent=2, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if (isinstance(value, float) and value != value) or value in (float("inf"), float("-inf")):
        return None
    return value
