"""The loop under SIGKILL: a process dies at each named point, and the next runs recover from it."""
