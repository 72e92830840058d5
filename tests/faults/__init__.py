"""Break things on purpose, with real processes: workers, the clock, Redis."""
