"""List every command to a car, by what it moves."""
