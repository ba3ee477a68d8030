"""Lakes that earlier versions wrote, each with a session half done: read, and continued by the version of today."""
