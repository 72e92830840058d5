"""Answer as the regional Fleet API does, behind the same gates in the same order."""
