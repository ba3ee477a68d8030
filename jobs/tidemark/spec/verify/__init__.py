"""Check a spec by itself, the specs of a folder against each other, and the code that a spec names."""
