"""Tests of the demo world. None needs a JVM."""

from datetime import date

END = date(2026, 3, 22)
DAYS = 21
