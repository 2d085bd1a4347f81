"""Do anomalies gather shortly before earthquakes? The marks of all records before the origin, end to end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from slipbench.benchmarks.anomaly.outcomes import Judged
from slipbench.benchmarks.results import Outcome
from slipbench.datasets.anomaly.caution import Before

#: Quantity of the results table.
MARKS = "before_origin"
#: Seconds before the origin that are asked for; document 002 speaks of 5 to 10 s of lead.
LEAD_S = 10.0


def marks(every: Sequence[Judged], threshold: float) -> Outcome:
    """Seconds from the origin (``y_true``) and whether the station's statistic is above the threshold.

    0 or 1, NaN where the epoch is not judged; records in their order, each from its earthquake's first judged
    epoch to the last one before the origin.
    """
    seconds, found, counts = [], [], []
    for j in every:
        judged = j.records.judged
        columns = (j.records.seconds < 0) & judged.any(axis=0)
        statistic = np.where(judged, j.station, np.nan)[:, columns]
        marked = np.where(np.isnan(statistic), np.nan, statistic > threshold)
        seconds.append(np.tile(j.records.seconds[columns], len(marked)))
        found.append(marked.ravel())
        counts += [int(columns.sum())] * len(marked)
    sample = np.repeat(np.arange(len(counts)), counts)
    unknown = np.full(len(sample), np.nan)
    return Outcome(
        MARKS,
        "1",
        sample.tolist(),
        unknown.tolist(),
        np.concatenate([*seconds, np.zeros(0)]).tolist(),
        np.concatenate([*found, np.zeros(0)]).tolist(),
    )


def before(row: pd.Series) -> Before | None:
    """The question for `caution.shift_p_value`, from the row of `MARKS`; None without a record long enough.

    The records stand end to end, and each ends at an origin time: shifting all marks alike keeps what the
    stations of an earthquake have in common.
    """
    sample, seconds = np.asarray(row["sample"]), np.asarray(row["y_true"])
    flags = np.asarray(row["y_pred"], np.float64)
    if not len(sample):
        return None
    _, at, length = np.unique(sample, return_inverse=True, return_counts=True)
    step = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 1.0
    lead = round(LEAD_S / step)
    kept = length[at] >= lead
    ends = np.cumsum(length[length >= lead])
    return Before(flags[kept], ends.tolist(), lead) if len(ends) else None
