"""Tests that the current version reads and continues lakes of earlier versions, also their unfinished sessions."""
