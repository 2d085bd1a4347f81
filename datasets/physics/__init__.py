"""Earthquake sources and their static displacement."""
