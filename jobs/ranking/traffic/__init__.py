"""What was shown and what users did with it: impressions, interactions, and counts of them."""
