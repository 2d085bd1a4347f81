"""Image encoders: one file each, found by discovery."""
