"""Baselines: one file each, found by discovery."""
