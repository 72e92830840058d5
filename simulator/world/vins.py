"""Make vehicle identification numbers with a true check digit."""

_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def check_digit(vin: str) -> str:
    """Return what position 9 of a 17-character VIN must be, per ISO 3779."""
    total = sum(
        _VALUES[letter] * weight for letter, weight in zip(vin, _WEIGHTS, strict=True)
    )
    return "0123456789X"[total % 11]


def make_vin(head: str, tail: str, serial: int) -> str:
    """Return a VIN of an 8-character head, year and plant as tail, and a serial."""
    blank = f"{head}0{tail}{serial:06d}"
    return f"{head}{check_digit(blank)}{tail}{serial:06d}"
