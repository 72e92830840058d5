"""Tests of the simulated cars' computers that verify signed messages."""
