"""Magnitude from high-rate displacement as it arrives (science S3)."""
