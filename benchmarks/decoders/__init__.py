"""Decoders: one file each, found by discovery."""
