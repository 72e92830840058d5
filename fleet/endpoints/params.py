"""Make the parameters of the table in few words."""

from dataclasses import replace

from fleet.endpoints.model import Kind, Param, Where

VIN_PATTERN = "[A-HJ-NPR-Z0-9]{17}"
MOST_VINS = 100

VEHICLE_TAG = Param(
    "vehicle_tag", Where.PATH, note="the VIN, or the record's id or id_s"
)
SITE_ID = Param(
    "site_id", Where.PATH, Kind.INTEGER, note="energy_site_id of the product"
)
VIN_IN_PATH = Param("vin", Where.PATH, note="17 characters")


def text(
    name: str,
    *choices: str | int,
    required: bool = True,
    note: str = "",
    pattern: str = "",
    longest: int = 10_000,
) -> Param:
    """Return a text in the body, one of the choices if there are any."""
    return Param(
        name,
        Where.BODY,
        Kind.STRING,
        required,
        choices,
        note=note,
        pattern=pattern,
        longest=longest,
    )


def flag(name: str, *, required: bool = True, note: str = "") -> Param:
    """Return a boolean in the body."""
    return Param(name, Where.BODY, Kind.BOOLEAN, required, note=note)


def whole(
    name: str,
    *choices: int,
    minimum: int | None = None,
    maximum: int | None = None,
    required: bool = True,
    note: str = "",
) -> Param:
    """Return a whole number in the body, one of the choices or within the limits."""
    return Param(
        name,
        Where.BODY,
        Kind.INTEGER,
        required,
        choices,
        minimum=minimum,
        maximum=maximum,
        note=note,
    )


def percent(name: str, minimum: int = 0, *, required: bool = True) -> Param:
    """Return a whole number of percent in the body, at most 100."""
    return whole(name, minimum=minimum, maximum=100, required=required, note="percent")


def minute(name: str, *, required: bool = True) -> Param:
    """Return a time of the day in the body, in minutes."""
    return whole(
        name,
        minimum=0,
        maximum=24 * 60 - 1,
        required=required,
        note="minutes after midnight",
    )


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


def body(
    name: str,
    kind: Kind,
    *also: Kind,
    required: bool = True,
    note: str = "",
) -> Param:
    """Return a parameter of any kind in the body; `also` kinds are taken as well."""
    return Param(name, Where.BODY, kind, required, note=note, also=also)


def vins(name: str = "vins") -> Param:
    """Return a list of VINs in the body."""
    return Param(
        name,
        Where.BODY,
        Kind.ARRAY,
        pattern=VIN_PATTERN,
        longest=MOST_VINS,
        minimum=1,
        note=f"1 to {MOST_VINS} VINs",
    )


def asked(  # noqa: PLR0913 - each is one fact about a parameter
    name: str,
    kind: Kind = Kind.STRING,
    *choices: str | int,
    required: bool = False,
    note: str = "",
    minimum: float | None = None,
    pattern: str = "",
) -> Param:
    """Return a parameter in the query, optional unless said otherwise."""
    return Param(
        name,
        Where.QUERY,
        kind,
        required,
        choices,
        minimum=minimum,
        note=note,
        pattern=pattern,
    )


def optional(param: Param) -> Param:
    """Return the same parameter, which may be left out."""
    return replace(param, required=False)


VIN_ASKED = asked("vin", required=True, pattern=VIN_PATTERN, note="17 characters")
LATITUDE = number("lat", -90, 90, note="degrees")
LONGITUDE = number("lon", -180, 180, note="degrees")
PIN = text("pin", pattern=r"[0-9]{4}", note="four digits")
OPTIONAL_PIN = text("pin", required=False, pattern=r"([0-9]{4})?", note="four digits")
PASSWORD = text("password", pattern=r"[0-9]{4}", note="four digits")
OPTIONAL_PASSWORD = text(
    "password", required=False, pattern=r"([0-9]{4})?", note="four digits"
)
