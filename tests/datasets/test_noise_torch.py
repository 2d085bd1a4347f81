"""Noise in torch: the generator against published words, the same noise in any batch, the same statistics."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from slipbench.datasets.noise.parametric import (
    Amplitudes,
    ParametricNoise,
    parametric_sampler,
    space_correlation,
    time_covariance,
)
from slipbench.datasets.noise.parametric_torch import ParametricTorch
from slipbench.datasets.noise.philox_torch import normals, philox, stream_key, words
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.noise.surrogate_torch import SurrogateTorch

from .moments import bound, covariance_z

LAT, LON = np.array([36.0, 36.5, 38.0, 40.0]), np.array([140.0, 140.2, 141.0, 141.0])
DAYS = (49, 51, 43, 80, 3)
KEY = stream_key(7, 1)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_words(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    """The known answers that Salmon et al. (2011) ship with their library."""
    a, b, c, d = (torch.tensor([word]) for word in counter)
    assert tuple(int(word) for word in philox((a, b, c, d), key)) == answer


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.integers(0, 2**40), min_size=1, max_size=9, unique=True),
    count=st.integers(1, 70),
    more=st.integers(0, 40),
    draw=st.integers(0, 2**32 - 1),
)
def test_numbers_belong_to_a_row(rows: list[int], count: int, more: int, draw: int) -> None:
    """Neither the batch, nor its order, nor how many numbers are asked for changes a row's numbers."""
    batch = torch.tensor(rows)
    drawn, real = words(KEY, batch, count, draw), normals(KEY, batch, count, draw, torch.float64)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(count))
    assert torch.equal(words(KEY, batch[order], count + more, draw)[:, :count], drawn[order])
    torch.testing.assert_close(
        normals(KEY, batch[order], count + more, draw, torch.float64)[:, :count], real[order]
    )
    single = normals(KEY, batch[:1], count, draw)
    torch.testing.assert_close(single.double(), real[:1], atol=1e-3, rtol=0)


def test_chunks_of_counters_do_not_show() -> None:
    """More numbers than are worked on at once, for one row and for many."""
    long = normals(KEY, torch.tensor([5, 6]), 70_001)
    torch.testing.assert_close(long[1:, :999], normals(KEY, torch.tensor([6]), 999))
    many = normals(KEY, torch.arange(20_000), 7)
    torch.testing.assert_close(many[19_990:], normals(KEY, torch.arange(19_990, 20_000), 7))


def test_normals_are_normal_and_independent() -> None:
    rows = torch.arange(4000)
    first = normals(KEY, rows, 12, 0, torch.float64).numpy()
    others = [
        normals(KEY, rows, 12, 1, torch.float64).numpy(),
        normals(stream_key(8, 1), rows, 12, 0, torch.float64).numpy(),
        normals(KEY, rows + 2**33, 12, 0, torch.float64).numpy(),
    ]
    every = np.concatenate([first, *others], axis=1)
    assert kstest(every.ravel(), "norm").pvalue > 1e-3
    z = covariance_z(every, np.eye(48))
    assert np.abs(z).max() < bound(len(z))
    fourth = (every**4).mean(axis=0)
    assert np.abs((fourth - 3) / np.sqrt(96 / len(rows))).max() < bound(48)


def parametric(dtype: torch.dtype = torch.float64, **change: float) -> ParametricTorch:
    options = ParametricNoise(**change)
    return ParametricTorch(parametric_sampler(LAT, LON, 100, DAYS, ("east", "up"), options), KEY, dtype)


def test_parametric_noise_has_the_covariance_of_its_model() -> None:
    """All second moments of days, stations and components at once, within chance; 5 % of error would show."""
    eye = torch.eye(len(DAYS), dtype=torch.float64)
    made = parametric().draw(torch.arange(40_000), eye).numpy()
    assert made.shape == (40_000, 5, 2, 4)
    flat = made.transpose(0, 2, 1, 3).reshape(len(made), -1)
    options = ParametricNoise()
    space = space_correlation(LAT, LON, options)
    wanted = np.zeros((40, 40))
    for c, name in enumerate(("east", "up")):
        time = time_covariance(getattr(options, name), 100, options.history_days)[np.ix_(DAYS, DAYS)]
        wanted[20 * c : 20 * c + 20, 20 * c : 20 * c + 20] = np.kron(time, space)
    z = covariance_z(flat, wanted)
    assert np.abs(z).max() < bound(len(z))
    assert np.abs(covariance_z(flat, 1.05 * wanted)).max() > bound(len(z))
    assert np.abs(covariance_z(flat[:, ::-1], wanted)).max() > bound(len(z))


@pytest.mark.parametrize("amplitudes", [{}, {"east": Amplitudes(white_mm=0, flicker_mm=0, random_walk_mm=0)}])
def test_leading_days_draw_less_and_give_the_same(amplitudes: dict[str, Amplitudes]) -> None:
    """Also when the covariance is singular."""
    noise, rows = parametric(**amplitudes), torch.tensor([9, 2, 1_000_000])
    whole = noise.draw(rows, torch.eye(5, dtype=torch.float64))
    change = noise.draw(rows, torch.tensor([[-1.0, 1.0]]))
    torch.testing.assert_close(change[:, 0], whole[:, 1] - whole[:, 0])
    assert (whole[:, :, 0].abs().max() == 0) == bool(amplitudes)
    alone = noise.draw(rows[1:2], torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(alone[0], whole[1])
    assert not torch.allclose(noise.draw(rows, torch.tensor([[-1.0, 1.0]]), draw=1), change)
    single = parametric(torch.float32, **amplitudes).draw(rows, torch.eye(5))
    torch.testing.assert_close(single.double(), whole, atol=2e-3, rtol=0)


def surrogate(d: int, dtype: torch.dtype = torch.float64) -> tuple[np.ndarray, SurrogateTorch]:
    """Windows (3, d, 6, 2) and what makes surrogates of them, days backwards."""
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.normal(size=(3, d, 12)), axis=1) @ rng.normal(size=(12, 12))
    x += rng.normal(0, 5, (3, 1, 12))
    spectra = SurrogateNoise.fit(x).spectra().reshape(3, 2, d // 2 + 1, 6, 2)
    return x.reshape(3, d, 6, 2), SurrogateTorch(spectra, tuple(range(d))[::-1], d, KEY, dtype)


@pytest.mark.parametrize("d", [40, 41])
def test_every_surrogate_keeps_mean_spectrum_and_covariance_of_its_window(d: int) -> None:
    x, noise = surrogate(d)
    rows = torch.arange(300)
    made = noise.draw(rows, torch.eye(d, dtype=torch.float64)).numpy()[:, ::-1]
    assert made.shape == (300, d, 2, 6)
    series = np.moveaxis(made, -1, -2).reshape(300, d, 12)
    window = (words(KEY, rows, 1).numpy()[:, 0] * 3) >> 32
    assert np.bincount(window, minlength=3).min() > 70  # 100 expected, 8 is one deviation
    source = x.reshape(3, d, 12)[window]
    scale = np.abs(source).max()
    np.testing.assert_allclose(series.mean(axis=1), source.mean(axis=1), atol=1e-12 * scale)
    a, b = np.fft.rfft(series, axis=1), np.fft.rfft(source, axis=1)
    np.testing.assert_allclose(np.abs(a), np.abs(b), atol=1e-11 * scale)
    a, b = (v - v.mean(axis=1, keepdims=True) for v in (series, source))
    np.testing.assert_allclose(a.mT @ a, b.mT @ b, atol=1e-10 * scale**2)


def test_phases_are_uniform_new_for_each_row_and_common_to_the_network() -> None:
    x, noise = surrogate(40)
    rows = torch.arange(3000)
    made = noise.draw(rows, torch.eye(40, dtype=torch.float64)).numpy()[:, ::-1]
    source = np.moveaxis(x, -1, -2)[(words(KEY, rows, 1).numpy()[:, 0] * 3) >> 32]
    turn = np.fft.rfft(made, axis=1)[:, 1:] / np.fft.rfft(source, axis=1)[:, 1:]
    np.testing.assert_allclose(turn, turn[..., :1, :1] * np.ones((2, 6)), atol=1e-6)
    phase = turn[:, :-1, 0, 0]
    z = np.concatenate(
        [(phase.mean(axis=0) * np.sqrt(2 * 3000)).view(float), [turn[:, -1, 0, 0].real.sum() / np.sqrt(3000)]]
    )
    assert np.abs(z).max() < bound(len(z))
    neighbours = (phase[:, 1:] * phase[:, :-1].conj()).mean(axis=0) * np.sqrt(2 * 3000)
    assert np.abs(neighbours.view(float)).max() < bound(2 * len(neighbours))


def test_combinations_of_surrogate_days() -> None:
    _, noise = surrogate(40)
    rows = torch.tensor([4, 4, 17])
    whole = noise.draw(rows, torch.eye(40, dtype=torch.float64))
    change = noise.draw(rows, torch.tensor([[-1.0, 1.0], [0.0, 2.0]]))
    torch.testing.assert_close(change[:, 0], whole[:, 1] - whole[:, 0])
    torch.testing.assert_close(change[:, 1], 2 * whole[:, 1])
    assert torch.equal(whole[0], whole[1])
    single = surrogate(40, torch.float32)[1].draw(rows, torch.eye(40))
    torch.testing.assert_close(single.double(), whole, atol=1e-4 * float(whole.abs().max()), rtol=0)
    assert noise.draw(rows[:0], torch.eye(40)).shape == (0, 40, 2, 6)
