"""Detectors, one file each, found by discovery."""
