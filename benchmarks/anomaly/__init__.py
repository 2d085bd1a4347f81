"""Detectors of unusual epochs on real high-rate records: how they are judged, tables, figures."""
