"""Scattered stations to regular grids."""
