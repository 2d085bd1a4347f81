"""Samples made in torch, on any device, from what virtual stores keep; recipes import it when asked."""
