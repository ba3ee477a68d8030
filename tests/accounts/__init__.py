"""A second domain, unrelated to search: accounts sign up, change plan and cancel."""
