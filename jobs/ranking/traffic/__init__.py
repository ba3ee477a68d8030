"""What was shown and what users did with it: impressions, interactions, and the counts drawn from them."""
