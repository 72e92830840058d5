"""Prove the simulated Tesla."""
