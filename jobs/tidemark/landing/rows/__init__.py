"""Convert records to typed rows, or to refusals with a reason."""
