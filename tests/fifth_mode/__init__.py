"""A mode that the product does not have, to show what a new one takes: one module, one line, a table of cases."""
