"""Point-in-time features of a (query, item) pair."""
