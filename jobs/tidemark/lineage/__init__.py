"""What the loop asks of a table's history: ancestry, changes, retention, and whether a target is as it was left."""
