"""Displacement waveforms: rates, differences and spectra of solutions, accelerations, made earthquakes."""
