"""What the source suite reports beyond the leaderboard: thresholds, maps, errors by distance and depth."""
