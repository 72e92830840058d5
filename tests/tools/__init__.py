"""Tests of what the makefile runs."""
