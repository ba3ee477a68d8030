"""The loop under SIGKILL: a process dies at each named point, and what follows makes it good."""
