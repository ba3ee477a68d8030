"""Files in the landing folder: which can be landed, their hashes, and files that no dataset reads."""
