"""The parts of the deliverer: what it reads, what it holds, what it writes down."""
