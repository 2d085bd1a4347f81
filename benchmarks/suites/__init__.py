"""Suites: one file each, found by discovery."""
