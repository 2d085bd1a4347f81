"""Telemetry and chatter of the dependencies are off unless the user has turned it on in the environment."""

import os

_OFF = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines for every run
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "TABPFN_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def silence_dependencies() -> None:
    """Set every opt-out that the environment does not already decide. Call before importing them."""
    for name, value in _OFF.items():
        os.environ.setdefault(name, value)
