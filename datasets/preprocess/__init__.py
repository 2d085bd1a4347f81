"""From measured daily positions to the windows and residuals that the recipes use (S1 section 4)."""
