"""Results of a rapid suite as plain tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipbench.benchmarks.rapid.context import POLICY
from slipbench.benchmarks.rapid.outcomes import (
    CURVE,
    CURVE_SIGMA,
    DAY_S,
    FINAL,
    FIRST_MW,
    FIRST_SECONDS,
    FITTED,
    OWN_SECONDS,
    SECONDS,
    SIGMA,
    STATION_MW,
    STATIONS,
)
from slipbench.benchmarks.results import models_of


@dataclass(frozen=True)
class Frames:
    """What a report is made of; earthquakes are numbered by their row of the store.

    Parameters
    ----------
    models : list of str
        Estimators that were computed, in the order of the suite.
    kinds : dict
        Their kinds.
    events : DataFrame
        A row for each earthquake (index ``event``): ``name``, ``mw``, ``n_stations``, ``n_rejected``,
        ``quiet_samples``, ``first_s``, ``last_s``, and a column for each policy of quality control.
    finals : DataFrame
        A row for each estimator and earthquake: ``model``, ``event``, and the quantities of
        `rapid.outcomes.outcomes` (``mw``: the last estimate).
    curves : DataFrame
        ``model``, ``event``, ``second``, ``mw``, ``sigma``.
    stations : DataFrame
        ``event``, ``station``, ``km``, ``lat``, ``lon``, ``noise`` (m).
    station_mw : DataFrame
        ``model``, ``event``, ``station``, ``mw``.
    rejected : DataFrame
        ``event``, ``reason``.
    fitted : DataFrame
        ``model``, ``event``, ``quantity``, ``value``: what was learnt without the earthquake.
    """

    models: list[str]
    kinds: dict[str, str]
    events: pd.DataFrame
    finals: pd.DataFrame
    curves: pd.DataFrame
    stations: pd.DataFrame
    station_mw: pd.DataFrame
    rejected: pd.DataFrame
    fitted: pd.DataFrame

    @property
    def policies(self) -> list[str]:
        """Names of the policies of quality control."""
        return [c.removeprefix(POLICY) for c in self.events.columns if c.startswith(POLICY)]


def frames(table: pd.DataFrame) -> Frames:
    """Tables of a results table; of several seeds of an estimator the first is taken."""
    done = table[table["status"] == "ok"]
    known = done[done["kind"] == "context"]
    models = models_of(done)
    models = models[models["seed"] == models.groupby("model")["seed"].transform("min")]
    first = models.drop_duplicates("model")
    finals = _joined(models, (FINAL, SECONDS, OWN_SECONDS, FIRST_SECONDS, FIRST_MW, STATIONS, SIGMA))
    curves = _long(models, CURVE, "mw").assign(sigma=_long(models, CURVE_SIGMA, "sigma")["sigma"])
    names = _one(known, "n_stations")
    origin = dict(zip(names["event"], names["time"], strict=True))
    curves["second"] = np.round((curves["time"] - curves["event"].map(origin)) * DAY_S, 3)
    per_event = [q for q in known["quantity"] if q in ("n_stations", "n_rejected", "quiet_samples", "first_s",
                                                       "last_s") or q.startswith(POLICY)]  # fmt: skip
    events = pd.DataFrame({q: _one(known, q).set_index("event")["true"] for q in per_event})
    events.insert(0, "name", names.set_index("event")["label"])
    true = models[models["quantity"] == FINAL]
    mw = dict(zip(true.iloc[0]["sample"], true.iloc[0]["y_true"], strict=True)) if len(true) else {}
    events.insert(1, "mw", events.index.map(mw))
    stations = _one(known, "hypocentral_km").rename(columns={"label": "station", "true": "km"})
    for name, quantity in (("lat", "station_lat"), ("lon", "station_lon"), ("noise", "noise")):
        stations[name] = _one(known, quantity)["true"].to_numpy()
    return Frames(
        models=first["model"].tolist(),
        kinds=dict(zip(first["model"], first["kind"], strict=True)),
        events=events,
        finals=finals,
        curves=curves[["model", "event", "second", "mw", "sigma"]],
        stations=stations[["event", "station", "km", "lat", "lon", "noise"]],
        station_mw=_long(models, STATION_MW, "mw").rename(columns={"label": "station"}),
        rejected=_one(known, "rejected").rename(columns={"label": "reason"})[["event", "reason"]],
        fitted=_fitted(models),
    )


def _one(known: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """A quantity of the records: ``event``, ``time`` (days), ``true``, ``label``."""
    row = known[known["quantity"] == quantity].iloc[0]
    return pd.DataFrame(
        {"event": row["sample"], "time": row["time"], "true": row["y_true"], "label": row["name"]}
    )


def _long(models: pd.DataFrame, quantity: str, value: str) -> pd.DataFrame:
    """A quantity of all estimators: ``model``, ``event``, ``time`` (days), ``label`` and the prediction."""
    parts = [
        pd.DataFrame(
            {
                "model": row.model,
                "event": row.sample,
                "time": row.time,
                "label": row.name,
                value: row.y_pred,
            }
        )
        for row in models[models["quantity"] == quantity][
            ["model", "sample", "time", "name", "y_pred"]
        ].itertuples(index=False)
    ]
    columns = ["model", "event", "time", "label", value]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _fitted(models: pd.DataFrame) -> pd.DataFrame:
    """Whatever was learnt: ``model``, ``event``, ``quantity``, ``value``."""
    parts = []
    for quantity in dict.fromkeys(q for q in models["quantity"] if q.startswith(FITTED)):
        one = _long(models, quantity, "value").assign(quantity=quantity.removeprefix(FITTED))
        parts.append(one[["model", "event", "quantity", "value"]])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["model", "event"])


def _joined(models: pd.DataFrame, quantities: tuple[str, ...]) -> pd.DataFrame:
    """Several quantities of the same samples beside each other."""
    found = _long(models, quantities[0], quantities[0])
    for quantity in quantities[1:]:
        found[quantity] = _long(models, quantity, quantity)[quantity].to_numpy()
    return found
