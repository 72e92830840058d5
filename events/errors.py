"""What goes wrong with events."""


class Unavailable(Exception):
    """Redis did not confirm: it is away, full or hangs. What was sent may be stored."""
