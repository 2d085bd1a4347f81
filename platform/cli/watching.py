"""How a command may be looked at: what the options before its name, or the environment, ask for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Log(StrEnum):
    """Form of the lines on stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass
class Watching:
    """Options of the running command.

    Parameters
    ----------
    debug : bool
        Show the traceback of every error.
    log : Log
        Lines for people, or one JSON object each.
    metrics : str
        Port or file of `metrics.Metrics`; empty: none.
    """

    debug: bool = False
    log: Log = Log.TEXT
    metrics: str = ""

    @property
    def json(self) -> bool:
        """Whether stderr is for programs."""
        return self.log is Log.JSON


#: Of this process, which runs one command at a time.
NOW = Watching()


def begin(environment: Mapping[str, str] = os.environ) -> None:
    """What is known before the options are read, so that also their mistakes are told in the right form."""
    as_json = environment.get("SLIPBENCH_LOG") == Log.JSON
    NOW.debug, NOW.log, NOW.metrics = False, Log.JSON if as_json else Log.TEXT, ""
