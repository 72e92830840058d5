"""The energy sites that a user's Tesla grants can see."""
