"""How long MLflow's client waits for a server, and how often it tries again: its settings, for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS, _RETRIES = "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
#: Whether a server answers at all is known in seconds.
ASKING = {_SECONDS: "8", _RETRIES: "0"}
#: Pauses of 0, 4, 8, 16 and 32 s between tries: a server that refuses has a minute to come back. One that
#: takes connections and says nothing costs six times 30 s more. MLflow's own values are 120 s and 7 tries.
SENDING = {_SECONDS: "30", _RETRIES: "5"}


@contextmanager
def patience(values: dict[str, str], theirs_first: bool = False) -> Iterator[None]:
    """MLflow's settings within the context.

    Parameters
    ----------
    values : dict
        `ASKING` or `SENDING`.
    theirs_first : bool
        Whether what the user has set in the environment stays.
    """
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({n: v for n, v in values.items() if not (theirs_first and before[n])})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
