"""Position propensities: how likely a click is at each position, for an equally attractive item."""
