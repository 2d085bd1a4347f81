"""What an S1 store holds more where it has post-seismic motion or gaps: arrays, attributes, policies."""

from typing import Any

from slipbench.datasets.recipes.source_gaps import POLICIES
from slipbench.datasets.recipes.source_options import COMPONENTS, WINDOW_DAYS, SourceSyntheticOptions
from slipbench.datasets.store.plan import ArraySpec


def variant_arrays(o: SourceSyntheticOptions) -> tuple[ArraySpec, ...]:
    """Row arrays of the variants that are on."""
    arrays = []
    if o.post_seismic:
        shape = o.post_seismic.ratio_shape(o.n_stations, len(COMPONENTS))
        dims = ("station", "component")[: len(shape)]
        about = "H / c: post-seismic amplitude over co-seismic displacement"
        labels = {"component": list(COMPONENTS)} if "component" in dims else {}
        arrays.append(ArraySpec("tau", (), "float64", (), "day", "post-seismic relaxation time"))
        arrays.append(ArraySpec("post_ratio", shape, "float32", dims, "1", about, labels=labels))
    if o.gaps:
        about = "1 stations with data, 0 stations that are missing in the whole window (NaN in ts and offset)"
        arrays.append(ArraySpec("present", (o.n_stations,), "uint8", ("station",), "1", about))
    return tuple(arrays)


def variant_policies(o: SourceSyntheticOptions) -> dict[str, str]:
    """Policies of the variants that are on."""
    return dict(POLICIES) if o.gaps else {}


def variant_attributes(o: SourceSyntheticOptions) -> dict[str, Any]:
    """What a reader must know about either variant; None where it is off."""
    post, gaps = o.post_seismic, o.gaps
    return {
        "post_seismic": post
        and {
            "form": "H log10(1 + (t - tc) / tau) from the event day on, on top of the step; not in 'offset'",
            "amplitude": f"H = post_ratio * c, post_ratio ~ U({post.amplitude_low:g}, "
            f"{post.amplitude_high:g}), c the co-seismic displacement with its sign",
            "post_ratio_drawn_per": post.ratio_per,
            "tau_days": f"U({post.tau_low_days:g}, {post.tau_high_days:g}), one for each event",
        },
        "gaps": gaps
        and {
            "stations": f"share U({gaps.share_low:g}, {gaps.share_high:g}) missing in the whole window, "
            "a random set of its own in every sample",
            "days": f"{gaps.daily_share:g} of the days missing at each other station, in runs of "
            f"{gaps.daily_run_days:g} days on average; window of {WINDOW_DAYS} days"
            if gaps.daily_share
            else "none",
            "least_stations": gaps.least_stations,
            "images": "gridded from the stations that are there on the image's days, exactly",
        },
    }
