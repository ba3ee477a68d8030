"""From a record to typed rows, or to the reason why it cannot be one."""
