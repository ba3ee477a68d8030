"""A small chain of two nightly runs over inputs that move between every two steps."""
