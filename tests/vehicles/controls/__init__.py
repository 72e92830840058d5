"""Tests of the controls of a car's page."""
