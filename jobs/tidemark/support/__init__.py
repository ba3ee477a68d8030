"""Small helpers that know nothing of the loop: error translation, atomic files, text."""
