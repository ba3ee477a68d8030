"""Hosting of Tidemark: settings, services and the demo world."""
