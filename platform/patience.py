"""How long MLflow's client waits for a server, and how often it tries again: its settings, for a while."""

import os
from contextlib import AbstractContextManager

from slipbench.platform.variables import variables

_SECONDS, _RETRIES = "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
#: Whether a server answers at all is known in seconds.
ASKING = {_SECONDS: "8", _RETRIES: "0"}
#: A server that is restarted comes back meanwhile, and one that says nothing is not waited for as long as by
#: MLflow's own 120 s and 7 retries.
SENDING = {_SECONDS: "30", _RETRIES: "5"}


def patience(values: dict[str, str], theirs_first: bool = False) -> AbstractContextManager[None]:
    """MLflow's settings within the context.

    Parameters
    ----------
    values : dict
        `ASKING` or `SENDING`.
    theirs_first : bool
        Whether what the user has set in the environment stays.
    """
    return variables({n: v for n, v in values.items() if not (theirs_first and os.environ.get(n))})
