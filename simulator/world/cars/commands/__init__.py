"""Carry out what people tell a car, whichever way it was sent."""
