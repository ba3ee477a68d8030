"""A second domain besides search, for tests: accounts sign up, change their plan and cancel."""
