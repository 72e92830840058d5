"""Simulate energy sites: sun, load, battery, grid and the answers they give."""
