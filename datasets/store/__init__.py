"""Sharded Zarr v3 stores with a manifest: written whole shard by whole shard, sealed, verified."""
