"""Timings against peers, run by make speed."""
