"""Statistics and simulation of earthquake catalogues."""
