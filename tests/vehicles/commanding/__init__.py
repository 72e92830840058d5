"""Tests of how commands reach cars."""
