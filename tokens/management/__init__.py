"""Hold the commands that an operator runs for this app."""
