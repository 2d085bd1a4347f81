"""Satellite orbits and clocks, their PPP-B2b corrections, and precise point positioning."""
