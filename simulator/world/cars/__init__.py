"""Simulate cars: sleep, charging, driving, climate and the answers they give."""
