"""Estimators of magnitude: one file holds one, found by discovery."""
