"""The nightly report as one self-contained page."""
