"""What must hold inside a spec, between specs, and of the code that a spec names."""
