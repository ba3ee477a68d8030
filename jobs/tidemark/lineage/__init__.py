"""What the loop reads from a table's history: new commits, changes, retention, and changes from outside the loop."""
