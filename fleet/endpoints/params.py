"""Make the parameters of the table in few words."""

from fleet.endpoints.model import Kind, Param, Where

VEHICLE_TAG = Param("vehicle_tag", Where.PATH, note="VIN, or the record's id or id_s")
SITE_ID = Param(
    "site_id", Where.PATH, Kind.INTEGER, note="energy_site_id of the product"
)
VIN_IN_PATH = Param("vin", Where.PATH)


def text(
    name: str, *choices: str | int, required: bool = True, note: str = ""
) -> Param:
    """Return a text in the body, one of the choices if there are any."""
    return Param(name, Where.BODY, Kind.STRING, required, choices, note=note)


def flag(name: str, *, required: bool = True) -> Param:
    """Return a boolean in the body."""
    return Param(name, Where.BODY, Kind.BOOLEAN, required)


def whole(name: str, *choices: int, required: bool = True, note: str = "") -> Param:
    """Return a whole number in the body, one of the choices if there are any."""
    return Param(name, Where.BODY, Kind.INTEGER, required, choices, note=note)


def number(
    name: str,
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    required: bool = True,
    note: str = "",
) -> Param:
    """Return a number in the body, within the limits if there are any."""
    return Param(
        name,
        Where.BODY,
        Kind.NUMBER,
        required,
        minimum=minimum,
        maximum=maximum,
        note=note,
    )


def body(name: str, kind: Kind, *, required: bool = True, note: str = "") -> Param:
    """Return a parameter of any kind in the body."""
    return Param(name, Where.BODY, kind, required, note=note)


def asked(
    name: str,
    kind: Kind = Kind.STRING,
    *choices: str | int,
    required: bool = False,
    note: str = "",
) -> Param:
    """Return a parameter in the query, optional unless said otherwise."""
    return Param(name, Where.QUERY, kind, required, choices, note=note)


LATITUDE = number("lat", -90, 90, note="degrees")
LONGITUDE = number("lon", -180, 180, note="degrees")
PIN = text("pin", note="four digits")
