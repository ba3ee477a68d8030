"""Small helpers that do not depend on the loop: error translation, atomic files, paths, text."""
