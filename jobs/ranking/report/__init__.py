"""The nightly report of a training run as one self-contained HTML page."""
