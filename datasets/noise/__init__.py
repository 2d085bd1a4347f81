"""GNSS noise: parametric and phase-randomised surrogates."""
