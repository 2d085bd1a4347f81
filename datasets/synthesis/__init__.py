"""Samples made when asked for: those of virtual stores in torch, images of a nowcast network in NumPy."""
