"""Prior-fitted networks in TabPFN's checkpoint format."""
