"""The VINs of a benchmark's cars."""

VIN = "5YJ3E1EA7NF000000"


def vin_of(number: int) -> str:
    """Return the VIN of a car by its number, below 1000."""
    return f"{VIN[:-3]}{number:03d}"
