"""Files in: what lies in the landing folder, and the records in it as typed rows. It knows no domain."""

from tidemark.landing.files.discovery import discover
from tidemark.landing.reading import read_rows

__all__ = ["discover", "read_rows"]
