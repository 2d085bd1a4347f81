"""Handing a pipeline to a cluster: what is sent, exactly as it is shown before, and how it is followed."""
