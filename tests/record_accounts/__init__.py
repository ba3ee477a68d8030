"""What became of the records of a session: the account by file."""
