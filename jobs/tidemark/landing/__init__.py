"""Landing: find files in the landing folder and convert their records to typed rows. It knows no domain."""

from tidemark.landing.files.discovery import discover
from tidemark.landing.reading import read_rows

__all__ = ["discover", "read_rows"]
