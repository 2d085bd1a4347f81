"""Readers of real files; every error names file and line."""
