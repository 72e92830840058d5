"""Tests of what is deployed: settings files, compose file, `make run`."""
