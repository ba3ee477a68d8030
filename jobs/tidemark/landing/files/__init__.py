"""Files in the landing folder: which ones can be taken, their hashes, and those that nobody claims."""
