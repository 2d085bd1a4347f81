"""What the nowcast suite reports beyond the leaderboard: leakage, calibration, ranks, large earthquakes."""
