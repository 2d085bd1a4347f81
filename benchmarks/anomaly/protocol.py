"""What decides when a record is quiet or shaken, and what counts as an alarm."""

from dataclasses import dataclass

#: False alarms per hour and station at which detectors are compared, whatever their published thresholds.
RATE = 1.0


@dataclass(frozen=True)
class Protocol:
    """In epochs.

    Parameters
    ----------
    background : int
        Of a record, before anything is judged: what the slowest detector needs.
    window : int
        Of a quiet or shaken window of the ROC.
    hold : int
        Without anomaly before one that is a new alarm.
    latency : int
        By which an alarm is known after its epoch, since cleaning the data looked ahead.
    """

    background: int
    window: int
    hold: int
    latency: int = 0
