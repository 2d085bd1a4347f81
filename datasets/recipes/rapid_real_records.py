"""High-rate records made ready: offsets taken off, bad epochs and stations taken out, one time axis."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.preprocess.hampel import nan_median
from slipbench.datasets.preprocess.spikes import spikes
from slipbench.datasets.recipes.high_rate_records import Record, read_records
from slipbench.datasets.recipes.rapid_real_options import RapidRealOptions
from slipbench.datasets.recipes.source_real_events import Left
from slipbench.datasets.recipes.source_real_truth import Quake, Truths

#: Share of an interval within which two intervals or epochs are the same.
_SAME = 1e-3


@dataclass(frozen=True)
class Ready:
    """One earthquake on the time axis of the store.

    Parameters
    ----------
    record : Record
        As it was read.
    quake : Quake
        What counts as true about it.
    displacement : ndarray, shape (m, t, 3), float32
        East, north, up from the median before, m; NaN where missing or taken out.
    rejected : ndarray of bool, shape (m,)
        Stations taken out.
    left : tuple of Left
        Rows and stations taken out, with reasons.
    counts : dict of int
        How often each policy was applied.
    quiet_samples : int
        Epochs before the origin that give the offsets.
    shift_s : float
        Time of the samples less that of the axis, s.
    """

    record: Record
    quake: Quake
    displacement: np.ndarray
    rejected: np.ndarray
    left: tuple[Left, ...]
    counts: dict[str, int]
    quiet_samples: int
    shift_s: float


@dataclass(frozen=True)
class Axis:
    """Epochs in seconds from the origin time: the first one, how many, and the interval between them."""

    first_s: float
    n: int
    interval_s: float

    @property
    def seconds(self) -> np.ndarray:
        """All of them, shape (n,)."""
        return self.first_s + self.interval_s * np.arange(self.n)


def policies(o: RapidRealOptions) -> dict[str, str]:
    """What is taken out, by the name under which it is counted."""
    w, s = o.windows, o.spikes
    return {
        "rows_rejected_by_the_reader": "impossible coordinates or no samples: dropped",
        "stations_without_quiet_samples": f"fewer than {w.least_samples} samples, or than {w.coverage:g} of "
        f"them, in the {w.before_s:g} s before the origin time: rejected",
        "stations_off_their_neighbours": "offset (median of the last "
        f"{w.after_s:g} s of the record) or peak displacement more than {o.outliers.threshold:g} times "
        f"1.4826 MAD and {o.outliers.floor_mm:g} mm (up and peak {o.outliers.rough_floor_mm:g} mm) from the "
        f"median of the {o.outliers.neighbours} nearest stations, in the whole record and so not causal, "
        "as a list of bad stations is: rejected",
        "stations_restless_before": f"root mean square length of the displacement before the origin time "
        f"(of at most {o.before_s:g} s) above {o.restless_m:g} m: rejected",
        "spikes": f"single epochs more than {s.floor_m:g} m and {s.threshold:g} times 1.4826 MAD off while "
        "the two before and the one after agree; looks one epoch ahead: set to missing"
        if s
        else "single epochs off: kept",
        "epochs_missing": "epochs within the record without all components, of stations that were not "
        "rejected, before spikes are taken out: missing",
    }


def ready_records(o: RapidRealOptions, data: Path | None, truths: Truths) -> tuple[list[Ready], Axis]:
    """All events of the options on one time axis.

    Raises
    ------
    InputError
        For unusable files, an event without a usable station, and files of different intervals where the
        options do not ask for one.
    """
    records = list(read_records(o.events, data, "events"))
    axis = _axis(o, records)
    return [_ready(o, record, axis, truths) for record in records], axis


def _axis(o: RapidRealOptions, records: list[Record]) -> Axis:
    steps = [r.data.step_s for r in records]
    interval = o.interval_s or steps[0]
    for record, step in zip(records, steps, strict=True):
        if o.interval_s is None and abs(step - interval) > _SAME * interval:
            raise InputError(
                "interval_s",
                f"{record.name} has a sample every {step:g} s, {records[0].name} every {interval:g} s",
                "one interval of all events",
                "set interval_s to sample all of them alike",
            )
    before = int(np.floor(o.before_s / interval + _SAME))
    after = int(np.floor(o.after_s / interval + _SAME))
    if not before or not after:
        raise InputError(
            "before_s" if not before else "after_s",
            f"shorter than one interval of {interval:g} s",
            f"at least {interval:g} s",
            "choose a longer time axis",
        )
    return Axis(-before * interval, before + after + 1, interval)


def _ready(o: RapidRealOptions, record: Record, axis: Axis, truths: Truths) -> Ready:
    w, data = o.windows, record.data
    enu = data.enu_m.copy()
    time = record.start_s + data.step_s * np.arange(enu.shape[2])
    missing = np.isnan(enu).any(axis=1)
    quiet = (time < 0) & (time >= -w.before_s)
    counts = (~missing[:, quiet]).sum(axis=1)
    least = max(w.least_samples, w.coverage * quiet.sum())
    why = {
        int(k): f"{counts[k]} of {quiet.sum()} samples before the origin time"
        for k in np.flatnonzero(counts < least)
    }
    applied = dict.fromkeys(policies(o), 0)
    applied["rows_rejected_by_the_reader"] = len(record.rejected)
    applied["stations_without_quiet_samples"] = len(why)
    off = spikes(enu, time < 0, o.spikes) if o.spikes else np.zeros_like(missing)
    enu[np.broadcast_to((missing | off)[:, None], enu.shape)] = np.nan
    wrong = record.off_neighbours(record.offsets(enu, w), o.outliers)
    why = wrong | why
    applied["stations_off_their_neighbours"] = len(why) - applied["stations_without_quiet_samples"]
    enu -= _position_before(enu, quiet)
    before = (time < 0) & (time >= -o.before_s)
    restless = _restless(enu[:, :, before], o.restless_m)
    applied["stations_restless_before"] = len(restless.keys() - why.keys())
    why = restless | why
    kept = np.array([k not in why for k in range(len(enu))])
    if not kept.any():
        raise InputError(
            record.source.name,
            f"no usable station: {next(iter(why.values()), 'none in the file')}",
            "at least one with quiet samples before the origin time",
            "leave the event out, or ask for fewer samples under windows",
        )
    applied["spikes"] = int(off[kept].sum())
    applied["epochs_missing"] = int(missing[kept].sum())
    enu[~kept] = np.nan
    values, shift = _on_axis(enu, record.start_s, data.step_s, axis, o.interval_s is not None)
    left = (*record.rejected, *(Left(record.stations.code[k], why[k]) for k in sorted(why)))
    quake = truths.of_record(record.name, record.event)
    return Ready(record, quake, values, ~kept, left, applied, int(quiet.sum()), shift)


def _position_before(enu: np.ndarray, quiet: np.ndarray) -> np.ndarray:
    """Median position (m, 3, 1) of the quiet epochs; NaN where there is none."""
    if not quiet.any():
        return np.full((*enu.shape[:2], 1), np.nan, enu.dtype)
    return nan_median(enu[:, :, quiet])[:, :, None]


def _restless(before: np.ndarray, limit_m: float) -> dict[int, str]:
    """Stations (by number) whose displacement (m, 3, epochs) before the origin is too long, and how long."""
    square = (before.astype(np.float64) ** 2).sum(axis=1)
    there = np.isfinite(square)
    size = np.sqrt(np.where(there, square, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1))
    return {
        int(k): f"moves by {size[k]:.2f} m (RMS) before the earthquake"
        for k in np.flatnonzero(size > limit_m)
    }


def _on_axis(
    enu: np.ndarray, start_s: float, step_s: float, axis: Axis, between: bool
) -> tuple[np.ndarray, float]:
    """Displacement (m, t, 3) on the axis, float32, and by how much its samples are off it in time (s).

    `between` takes the straight line between the two samples around an epoch, NaN where one is missing: no
    filter, as if the receiver had logged at this interval. Else an epoch has the nearest sample.
    """
    place = (axis.seconds - start_s) / step_s
    shift = 0.0
    if not between:
        nearest = np.floor(place + 0.5 + _SAME)
        shift = float((nearest[0] - place[0]) * step_s)
        place = nearest
    low = np.floor(place + _SAME).astype(int)
    share = np.maximum(place - low, 0.0)
    share[share < 2 * _SAME] = 0.0
    last = enu.shape[2] - 1
    there = (low >= 0) & (low + (share > 0) <= last)
    first, second = (np.clip(k, 0, last) for k in (low, low + 1))
    line = (1 - share) * enu[:, :, first]
    out = np.where(share > 0, line + share * enu[:, :, second], enu[:, :, first])
    return np.where(there, out, np.nan).transpose(0, 2, 1).astype(np.float32), shift
