"""Dataset recipes: one file each, found by discovery."""
