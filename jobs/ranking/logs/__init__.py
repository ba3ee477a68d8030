"""What is landed: search logs, judgments, items and logged features, in the product's own words."""
