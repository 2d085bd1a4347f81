"""What physics allows: Cramér-Rao bounds and posteriors of earthquake sources under a store's own noise."""
