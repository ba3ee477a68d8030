"""A mode that the product does not have. It shows what a new mode takes: one module, one line, a table of cases."""
