"""Networks: one file each, found by discovery."""
