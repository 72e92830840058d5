"""Tests of signing commands."""
