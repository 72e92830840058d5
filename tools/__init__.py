"""What the makefile runs: the supervisor of `make run`, and helpers of the checks."""
