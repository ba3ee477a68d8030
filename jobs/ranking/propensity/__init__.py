"""How likely a click is at a position, the item being equal."""
