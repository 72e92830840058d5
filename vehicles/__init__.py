"""The cars that a user's Tesla grants can see."""
