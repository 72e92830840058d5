"""Tests of what cars are wanted to stream."""
