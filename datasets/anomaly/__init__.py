"""Rules that say when a series does something unusual."""
