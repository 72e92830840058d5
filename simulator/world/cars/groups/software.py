"""Build `software_update` and tell which firmware runs."""

from typing import Any

from simulator.world.cars.state import Software

DOWNLOAD_S = 1800.0
INSTALL_S = 2700.0


def software_update(software: Software, at_s: float) -> dict[str, Any]:
    """Return the update's phase, "" when the car is up to date."""
    status, downloaded, installed = _phase(software, at_s)
    return {
        "download_perc": downloaded,
        "expected_duration_sec": int(INSTALL_S),
        "install_perc": installed,
        "status": status,
        "version": software.version if status else " ",
    }


def is_installed(software: Software, at_s: float) -> bool:
    """Tell whether the scheduled update has finished."""
    return bool(
        software.version
        and software.install_s
        and at_s >= software.install_s + INSTALL_S
    )


def _phase(software: Software, at_s: float) -> tuple[str, int, int]:
    if not software.version or is_installed(software, at_s):
        return "", 0, 1
    if not software.download_s:
        return "downloading_wifi_wait", 0, 1
    share = (at_s - software.download_s) / DOWNLOAD_S
    if share < 1.0:
        return "downloading", max(0, int(share * 100)), 1
    if not software.install_s:
        return "available", 100, 1
    if at_s < software.install_s:
        return "scheduled", 100, 1
    return "installing", 100, max(1, int(100 * (at_s - software.install_s) / INSTALL_S))
