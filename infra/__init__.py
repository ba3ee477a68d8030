"""How Tidemark is hosted: settings, services and the demo world."""
