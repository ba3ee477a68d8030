"""The five steps of a session: init, write, audit, publish, commit."""
