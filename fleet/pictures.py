"""Say where Tesla shows a picture of a car like one of ours."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

_ADDRESS = "https://static-assets.tesla.com/configurator/compositor"
_MODELS = {"S": "ms", "3": "m3", "X": "mx", "Y": "my", "C": "ct"}
_PAINTS = {
    "PearlWhite": "PPSW",
    "SolidBlack": "PBSB",
    "MidnightSilver": "PMNG",
    "SilverMetallic": "PMSS",
    "DeepBlue": "PPSB",
    "RedMulticoat": "PPMR",
    "UltraRed": "PR01",
    "Quicksilver": "PN00",
    "StealthGrey": "PN01",
}
_PLAIN = "PPSW"


def picture_url(vin: str, vehicle_config: Mapping[str, Any]) -> str:
    """Return the address of a picture: the model by the VIN, the paint by the reading.

    A white Model 3 stands for what is not known.
    """
    paint = _PAINTS.get(str(vehicle_config.get("exterior_color")), _PLAIN)
    query = {
        "model": _MODELS.get(vin[3:4], "m3"),
        "view": "STUD_3QTR",
        "size": 1200,
        "bkba_opt": 1,
        "options": f"${paint}",
    }
    return f"{_ADDRESS}?{urlencode(query)}"
