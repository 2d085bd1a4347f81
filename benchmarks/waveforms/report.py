"""The comparisons as a Markdown document."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.text_table import markdown_table
from slipbench.benchmarks.waveforms import accelerations, figures, rates, solutions
from slipbench.benchmarks.waveforms.products import CONVERGED_S, SPARSE_S, WINDOW_S, TwoProducts, two_products
from slipbench.benchmarks.waveforms.scene import NOISE_OF, QUIET_S, RATES, Scene
from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.high_rate import COMPONENTS
from slipbench.datasets.waveforms.high_pass import CORNER_HZ, ORDER
from slipbench.datasets.waveforms.unfold import BAND_HZ


def write(scene: Scene, data: Path, folder: Path, realisations: int) -> list[Path]:
    """Compare all; write ``results/waveforms.md`` and ``pictures/waveforms_*.png`` below `folder`."""
    pictures = folder / "pictures"
    for place in (pictures, folder / "results"):
        place.mkdir(parents=True, exist_ok=True)
    frame = rates.study(scene, realisations)
    two = solutions.two_solutions(scene, realisations)
    files = solutions.two_files(scene.record, data)
    products = two_products(data)
    check = accelerations.check(scene)
    drawn = [
        figures.waveforms(scene, pictures / "waveforms_rates.png"),
        figures.peaks(frame, pictures / "waveforms_peaks.png"),
        figures.spectra(scene, two, pictures / "waveforms_spectra.png"),
        figures.accelerations(check, pictures / "waveforms_accelerations.png"),
    ]
    shown = [f"![{p.stem}](../pictures/{p.name})" for p in drawn]
    parts = [
        _head(scene, realisations),
        _noise(scene),
        _rates(frame, realisations, shown[:2]),
        _solutions(two, files, products, realisations, shown[2]),
        _accelerations(check, shown[3]),
        _believed(frame),
    ]
    document = folder / "results" / "waveforms.md"
    write_atomic(document, "\n\n".join(parts).encode() + b"\n")
    return [document, *drawn]


def _head(scene: Scene, realisations: int) -> str:
    command = "python -m slipbench.benchmarks.waveforms --write docs"
    command += f" --realisations {realisations} --seed {scene.seed}"
    return f"""# Waveforms: sampling rates, two solutions, strong motion

Section 3 of document 003 (Xiao et al. 2025) compares positions at 1, 5, 10 and 50 Hz, positions with two
satellite products, and positions with integrated accelerations. Its 50 Hz data are not public and the real
records at hand have 1 Hz, so the earthquakes here are made, and their noise is that of real records. This
page was written by

    SLIPBENCH_DATA=... {command}

A made earthquake is a point double couple in a full space with Brune's moment function (omega-squared
spectrum, stress drop {scene.ground.stress_drop_pa / 1e6:g} MPa): P and S pulses, near-field ramp and static
offset of one formula, plus scattered waves, attenuated along the path and at the site
(`datasets/waveforms/broadband.py`). It has no finite fault, layers or surface waves."""


def _noise(scene: Scene) -> str:
    rows = []
    for name in COMPONENTS:
        seen, before = getattr(scene.fit.noise, name), getattr(scene.noise, name)
        level = before.density(np.array([10.0]))[0]
        row = (f"{seen.white_mm:.2f}", f"{seen.corner_hz:.3f}", f"{seen.index:.2f}")
        rows.append([name, *row, f"{level:.1e}", f"{before.corner_hz:.2f}"])
    head = [
        "",
        "white at 1 Hz, mm",
        "corner at 1 Hz, Hz",
        "index",
        "at 10 Hz, m²/Hz",
        "corner before sampling, Hz",
    ]
    samples, stations = scene.fit.spectra[0].samples, len(scene.fit.spectra[0].power)
    return f"""## Noise of real positions

{samples} s before the earthquake of `{NOISE_OF}`, {stations} stations, median spectrum, fitted by white
noise plus a power law. A receiver that is set to 1 Hz filters nothing: its samples hold the white noise of
the whole band, here taken to be {BAND_HZ:g} Hz, folded {2 * BAND_HZ:g} times. Taken apart, the corner
between coloured and white noise moves up to where the document (its figure 6) and Bock et al. (2011) see
it, below or near 1 Hz. That receivers' noise is white up to {BAND_HZ:g} Hz is an assumption that 1 Hz
records cannot test.

{markdown_table(head, rows)}"""


def _rates(frame: pd.DataFrame, realisations: int, shown: list[str]) -> str:
    one = frame[frame["rate_hz"] == 1.0]
    lost = _grid(one, lambda r: f"{100 * r['lost']:.1f} / {100 * r['lost_95']:.1f}")
    at50 = frame[(frame["distance_km"] == 50.0) & (frame["rate_hz"] < RATES[-1])]
    by_rate = _grid(
        at50,
        lambda r: f"{100 * r['lost']:.2f} / {100 * r['lost_filtered']:.2f} / {100 * r['distorted']:.1f}",
        "rate_hz",
        "{:g} Hz",
    )
    noisy = []
    for km in (50.0, 100.0, 200.0):
        part = frame[frame["distance_km"] == km]
        table = _grid(
            part, lambda r: f"{r['mw_noisy']:+.2f} ± {r['mw_noisy_spread']:.2f}", "rate_hz", "{:g} Hz"
        )
        noisy.append(f"{km:g} km:\n\n{table}")
    tables = "\n\n".join(noisy)
    return f"""## Sampling rates

{realisations} thrust earthquakes per magnitude and distance, depth {rates.DEPTH_KM:g} km, at random
azimuths, without noise. A receiver at a low rate takes every k-th sample of 50 Hz; all k phases are
counted.

Peak displacement that 1 Hz loses, %, mean / 95 % quantile; hypocentral distance:

{lost}

At 50 km, by rate: peak lost, % / peak lost with an anti-alias filter before sampling, % (negative: the
filter overshoots; {rates.PHASES} phases at most) / root mean square error of the samples joined by lines, %
of the peak, while the ground moves fast:

{by_rate}

The loss depends on the corner frequency, so on magnitude, and little on distance. At Mw 7 sampling at 1 Hz
costs at most {_most(one, 7.0):.1f} % of the peak on average ({_mw(one, 7.0):.3f} in magnitude), at Mw 6
{_most(one, 6.0):.1f} % ({_mw(one, 6.0):.2f}). 5 Hz costs at most {_share(frame, 5.0):.0%} of what 1 Hz
does, 10 Hz {_share(frame, 10.0):.1%}. For the shape of near-field waves that agrees with the document's
advice of 5 to 10 Hz; magnitudes of large earthquakes from peaks do not need it.

With noise the magnitude from the peak (relation of Ruhl et al. 2019, positions from the median of the
{QUIET_S:g} s before) changes by (median ± 1.4826 MAD, against the same peak without noise at 50 Hz):

{tables}

Noise makes peaks larger, and more so the more samples there are: the white part has the same size in every
sample whatever the rate. Where the change exceeds a few tenths the peak is noise, and a station must be
screened.

{shown[0]}

*One earthquake of Mw 7.1 and one of Mw 6.0 with noise, sampled at four rates, and the ground's own motion.*

{shown[1]}

*Left and middle: means and 95 % quantiles of the lost share. Right: noise.*"""


def _solutions(
    two: solutions.TwoSolutions,
    files: solutions.TwoFiles,
    products: TwoProducts | InputError,
    repetitions: int,
    shown: str,
) -> str:
    rows = [["document 003, nine stations", *(f"{v:.2f}" for v in solutions.PUBLISHED_CM)]]
    for seconds, rms in two.rms_cm.items():
        values = zip(rms, two.spread_cm[seconds], strict=True)
        rows.append([f"made, {seconds:g} s", *(f"{v:.2f} ± {s:.2f}" for v, s in values)])
    if isinstance(products, TwoProducts):
        rows.append(["real, short windows", *(f"{v:.2f}" for v in products.window_cm)])
        rows.append(["real, the whole day", *(f"{v:.2f}" for v in products.whole_cm)])
    table = markdown_table(["cm", "east", "north", "up"], rows)
    apart = ", ".join(f"{v:.1e}" for v in files.rms_mm)
    longest = max(two.rms_cm)
    ratio = _three(two.rms_cm[longest] / np.array(solutions.PUBLISHED_CM))
    return f"""## Two solutions of one station

Root mean square difference at 1 Hz, offsets (medians) removed, mean over {solutions.STATIONS} stations; for
the made solutions mean ± standard deviation over {repetitions} repetitions:

{table}

The made difference over {longest:g} s is {ratio} times the published one (east, north, up). What differs:
the document's solutions have the receiver's noise and multipath in common and differ by satellite orbits
and clocks (it shows a drift in the vertical); the made ones have nothing in common, and each has the noise
of a Japanese station of 2011. The document says neither how long its series are nor whether offsets were
removed, and the difference grows with the length, since the noise is coloured. A difference of the
published size is no more than two independent solutions would show.

{_products(products)}

The Miyagi event as NPZ and as miniSEED is one solution twice: over {files.stations:,} stations and
{files.epochs} epochs the difference is {apart} mm (east, north, up; largest {files.largest_mm:.1e} mm), the
rounding of 32-bit numbers.

{shown}

*Above: periodograms of real 1 Hz positions before the event (median of stations), the fitted noise as
sampled at 1 Hz and before. Below: two made solutions at 50 Hz (Welch, Hann windows of
{solutions.SEGMENT_S:g} s, segments with a gap left out), their difference and the ground: independent noise
gives the difference twice the power; above about 0.5 Hz the noise covers an Mw 7.1 at 52 km. The document's
two solutions agree there because they share the receiver.*"""


def _products(found: TwoProducts | InputError) -> str:
    if isinstance(found, InputError):
        return f"A real station with two products was not positioned here: {found}."
    return f"""*Real*: station ESBC of `configs/positioning`,
one day at {found.step_s:g} s, kinematic and forward
({found.engine}), with satellite clocks every 30 s and with one in ten of them, {SPARSE_S} s apart and
joined by lines; {found.epochs:,} common epochs from {CONVERGED_S / 3600:g} h on. Short windows have
{WINDOW_S:g} s and lose their median. One receiver and two products, as in the document, but the second
product is poorer than PPP-B2b, whose clocks come every few seconds: the vertical is again the worst."""


def _accelerations(check: accelerations.Check, shown: str) -> str:
    names = {
        "truth": "ground",
        "gnss": "GNSS, 1 Hz, with noise",
        "no filter": "acceleration, no filter",
        "causal": "acceleration, causal",
        "acausal": "acceleration, forward and backward",
    }
    rows = []
    for way in accelerations.WAYS:
        passed = check.passed.get(way)
        beside = _three(check.rms_cm(way, passed)) if passed is not None else "–"
        rows.append(
            [
                names[way],
                _three(check.offset_cm(way)),
                _three(check.rms_cm(way, check.moved["truth"])),
                beside,
            ]
        )
    head = ["", "offset at the end, cm", "RMS to the ground, cm", "RMS to the filtered ground, cm"]
    return f"""## Strong motion

The same ground at {accelerations.RATE:g} Hz as acceleration, with instrument noise of
{accelerations.NOISE:g} m/s² and a shift of its zero by {accelerations.SHIFT:g} m/s² at the strongest
shaking (both assumed), integrated twice after a Butterworth high-pass of order {ORDER} at {CORNER_HZ:g} Hz;
the document does not say whether its filter was causal. East, north, up; Mw 7.1 at 52 km:

{markdown_table(head, rows)}

As in the document's figure 4, the integral has the shape of the waves and not the permanent offset; without
a filter the shifted zero grows to metres. The causal filter delays and distorts slow motion, the acausal
one moves the ground before the first wave, so neither gives a peak displacement that PGD relations could
use where the offset is large.

{shown}"""


def _believed(frame: pd.DataFrame) -> str:
    fifty = frame[frame["rate_hz"] == RATES[-1]]
    table = _grid(fifty, lambda r: f"{r['pgd'] / r['relation']:.2f}" + (" (inside)" if r["inside"] else ""))
    return f"""## How far to believe it

Median made peak over that of Ruhl et al. (2019); *inside*: the station is nearer than the radius of the
source:

{table}

Small and distant earthquakes come out too small: there are no surface waves and no soft layers, and the
relation itself rests on stations whose signal exceeds noise. The largest near ones come out too large,
being points. The losses above are shares of the peak and hang on the corner frequency: with a lower stress
drop they shrink, since the corner goes with its cube root."""


def _grid(
    frame: pd.DataFrame, cell: Callable[[pd.Series], str], column: str = "distance_km", name: str = "{:g} km"
) -> str:
    """Magnitudes down, values of `column` across."""
    across = sorted(frame[column].unique())
    rows = []
    for mw, part in frame.groupby("mw"):
        cells = {row[column]: cell(row) for _, row in part.iterrows()}
        rows.append([f"{mw:g}", *(cells[value] for value in across)])
    return markdown_table(["Mw", *(name.format(value) for value in across)], rows)


def _most(one: pd.DataFrame, mw: float) -> float:
    return float(100 * one.loc[one["mw"] == mw, "lost"].max())


def _share(frame: pd.DataFrame, rate: float) -> float:
    """Largest ratio of the mean loss at a rate to that at 1 Hz."""
    lost = frame.pivot_table(index=["mw", "distance_km"], columns="rate_hz", values="lost")
    return float((lost[rate] / lost[1.0]).max())


def _mw(one: pd.DataFrame, mw: float) -> float:
    return float(-one.loc[one["mw"] == mw, "mw_lost"].min())


def _three(values: np.ndarray) -> str:
    return ", ".join(f"{v:.2f}" for v in values)
