"""Surrogates of real network noise: principal components with randomised Fourier phases.

After Prichard and Theiler (1994) and Costantino et al. (2023), section 2.2.2. The *same* random phase is
added at each frequency to every principal component. Cross-spectra between stations are then unchanged,
so the spatial covariance over a window and every periodogram are kept exactly, not only on average.
(Setting the phases of all components to one common value, as the text can also be read, would make the
components coherent and change the covariance.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SurrogateNoise:
    """Noise windows ready for surrogates; make one with `fit`.

    Parameters
    ----------
    mean : ndarray, shape (w, p)
        Mean of each window and channel, mm.
    scores : ndarray, shape (w, d, r)
        Principal component series of each window, mm.
    vectors : ndarray, shape (w, r, p)
        Spatial eigenvectors (orthonormal rows).
    """

    mean: np.ndarray
    scores: np.ndarray
    vectors: np.ndarray

    @classmethod
    def fit(cls, windows: np.ndarray, n_components: int | None = None) -> "SurrogateNoise":
        """Principal components of each window across its channels.

        Parameters
        ----------
        windows : ndarray, shape (w, d, p)
            Residuals in mm: window, day, channel (station and component together). Finite.
        n_components : int, optional
            Leading components to keep; all min(d, p) by default, which loses nothing.

        Raises
        ------
        ValueError
            When a value is not finite.
        """
        windows = np.asarray(windows, np.float64)
        if windows.ndim != 3 or not np.isfinite(windows).all():
            raise ValueError("windows must be a finite array (window, day, channel)")
        mean = windows.mean(axis=1)
        u, s, vt = np.linalg.svd(windows - mean[:, None], full_matrices=False)
        keep = slice(None, n_components)
        return cls(mean, (u * s[:, None, :])[:, :, keep], vt[:, keep])

    @property
    def n_days(self) -> int:
        """Length of a window."""
        return self.scores.shape[1]

    def draw(self, n: int, rng: np.random.Generator, days: Sequence[int] | None = None) -> np.ndarray:
        """`n` surrogates, each of a window chosen at random, in mm, shape (n, d, p).

        With `days` only those days of the same surrogates are worked out.
        """
        d = self.n_days
        days = range(d) if days is None else days
        window = rng.integers(len(self.scores), size=n)
        phase = rng.uniform(0, 2 * np.pi, (n, d // 2 + 1))
        turn = np.exp(1j * phase)
        turn[:, 0] = 1.0  # the mean
        if d % 2 == 0:  # the Nyquist frequency of a real series is real: its only phases are 0 and pi
            turn[:, -1] = np.where(phase[:, -1] < np.pi, 1.0, -1.0)
        out = np.empty((n, len(days), self.vectors.shape[2]))
        for w in np.unique(window):  # one product per window, without copying its eigenvectors n times
            rows = np.flatnonzero(window == w)
            spectra = np.fft.rfft(self.scores[w], axis=0)
            series = np.fft.irfft(spectra * turn[rows, :, None], n=d, axis=1)
            out[rows] = series[:, list(days)] @ self.vectors[w] + self.mean[w]
        return out

    def spectra(self) -> np.ndarray:
        """What the surrogates of every window are made of, shape (w, 2, f, p), mm.

        Real and imaginary part, per frequency 0 ... d // 2 and channel, of the coefficients whose sum with
        the turned waves exp(2 pi i f t / d + i phase) has the surrogate as its real part; frequency 0 holds
        the mean.
        """
        d = self.n_days
        spectra = np.fft.rfft(self.scores, axis=1) @ self.vectors * (2 / d)
        if d % 2 == 0:  # the Nyquist frequency stands for itself alone
            spectra[:, -1] /= 2
        spectra[:, 0] = self.mean
        return np.stack([spectra.real, spectra.imag], axis=1)
