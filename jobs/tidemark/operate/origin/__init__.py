"""Where a row comes from: the sessions, snapshots and landed files behind it."""
