"""Layout of a store of virtual snapshots: its arrays and what its attributes say."""

from typing import Any

from slipbench.datasets.physics.okada import kernel
from slipbench.datasets.physics.pgd import SCALINGS
from slipbench.datasets.physics.source import Range
from slipbench.datasets.preprocess.snapshot import FEATURES, FRONT_KM_S
from slipbench.datasets.recipes.rapid_virtual_maker import PARAMETERS, STEP_S
from slipbench.datasets.recipes.rapid_virtual_options import RapidVirtualOptions
from slipbench.datasets.store.plan import ArraySpec

#: Regressed values, in the order of the array, with their units.
TARGETS = (("centroid_east_km", "km"), ("centroid_north_km", "km"), ("mw", "1"))
#: Half the range that scales the place of the centroid, km; places beyond it are not wrong.
CENTROID_KM = 500.0


def row_arrays(o: RapidVirtualOptions) -> tuple[ArraySpec, ...]:
    """Arrays with a row per snapshot."""
    return (
        ArraySpec(
            "snapshot",
            (o.most_stations, len(FEATURES)),
            "float32",
            ("station", "feature"),
            "1",
            "what the stations know at the second; NaN: no station, or none that counts then",
            labels={"feature": [f"{name} ({unit})" for name, unit in FEATURES]},
        ),
        ArraySpec(
            "target",
            (len(TARGETS),),
            "float64",
            ("target",),
            ", ".join(unit for _, unit in TARGETS),
            "centroid of the slip, east and north of the epicentre; moment magnitude",
            labels={"target": [name for name, _ in TARGETS]},
        ),
        ArraySpec("second", (), "int32", (), "s", "time of the snapshot after the origin time"),
        ArraySpec("event", (), "int64", (), "1", "number of the earthquake, from 0"),
        ArraySpec(
            "source",
            (len(PARAMETERS),),
            "float64",
            ("parameter",),
            ", ".join(unit for _, unit in PARAMETERS),
            "rectangular fault; depths positive down",
            labels={"parameter": [name for name, _ in PARAMETERS]},
        ),
        ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test; alike for all of an event"),
    )


def target_attributes(mw: Range) -> list[dict[str, Any]]:
    """Names, units and ranges of the regressed values."""
    ranges = ((-CENTROID_KM, CENTROID_KM), (-CENTROID_KM, CENTROID_KM), (mw.low, mw.high))
    return [
        {"name": name, "units": unit, "low": low, "high": high}
        for (name, unit), (low, high) in zip(TARGETS, ranges, strict=True)
    ]


def attributes(o: RapidVirtualOptions, networks: int) -> dict[str, Any]:
    """Everything else a reader must know."""
    w = o.waves
    return {
        "task": "rapid",
        "component_order": ["east", "north", "up"],
        "targets": target_attributes(o.sources.mw),
        "interval_s": STEP_S,
        "seconds": f"{o.first_s} to {o.last_s} s after the origin time, even in the logarithm of the time "
        f"plus {o.early_s:g} s",
        "front": f"S waves of {FRONT_KM_S:g} km/s in the features, {o.sources.wave_km_s.low:g} to "
        f"{o.sources.wave_km_s.high:g} km/s in the motion",
        "half_space": f"homogeneous, elastic, Poisson ratio {o.poisson:g}, 30 GPa",
        "okada_kernel": kernel(),
        "network": f"{networks} real networks, thinned, turned and mirrored; {o.network.made_share:.0%} made"
        if networks
        else "made: evenly scattered on one side of a straight coast",
        "scaling": w.scaling,
        "waves": f"peak displacement about the relation of {SCALINGS[w.scaling].reference}, scatter of log10 "
        f"{w.between_events:g} between events and {w.between_stations:g} between stations",
        "noise": o.noise.model_dump(mode="json"),
        "policies": {
            "surface_redrawn": "upper edge above the surface: depth, angles and stress drop drawn again",
            "stress_drop_redrawn": f"stress drop outside {o.sources.stress_drop.low_mpa:g} to "
            f"{o.sources.stress_drop.high_mpa:g} MPa: drawn again",
            "stations_dead": f"no data; up to {o.gaps.dead:.0%} of the stations of an event",
            "stations_with_a_missing_stretch": "records begin 8 to 60 s before the earthquake; one station "
            f"in {1 / o.gaps.dropout:.0f} misses up to {o.gaps.dropout_s:g} s"
            if o.gaps.dropout
            else "records begin 8 to 60 s before the earthquake",
            "stations_that_jump": f"a share of {o.gaps.broken:g} jumps by 0.03 to 10 m at any time",
        },
    }
