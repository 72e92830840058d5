"""Controls of a car: what can be pressed, what it does, and how that ended."""
