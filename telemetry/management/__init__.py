"""Commands for the operator and for the processes' own start."""
