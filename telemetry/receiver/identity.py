"""Tell which car a client certificate belongs to.

The certificate's chain was verified by TLS. What is left to see is whether Tesla issued
it to a vehicle. Source: `messages/identity.go` of Tesla's fleet-telemetry server.
"""

from cryptography import x509
from cryptography.x509.oid import NameOID

from fleet.vin import is_vin

_VEHICLE_ISSUERS = frozenset(
    {"TeslaMotors", "Tesla Issuing CA", "Tesla Motors Products CA"}
)
# These issue to all kinds of devices; an extended key usage says which it is.
_DEVICE_ISSUERS = frozenset(
    {
        "Tesla Motors Product Issuing CA",
        "Tesla Motors Product RSA Issuing CA",
        "Tesla Motors GF3 Product Issuing CA",
        "Tesla Motors GF3 Product RSA Issuing CA",
        "Tesla Energy Product Issuing CA",
        "Tesla Energy GF0 Product Issuing CA",
        "Tesla Motors GF0 Product Issuing CA",
        "Tesla Motors GF Austin Product Issuing CA",
        "Tesla Motors GF Berlin Product Issuing CA",
        "Tesla Product Access Issuing CA",
        "Tesla China Product Access Issuing CA",
        "Tesla GF0 Product Access Issuing CA",
        "Tesla GF3 Product Access Issuing CA",
        "Tesla GF Austin Product Access Issuing CA",
        "Tesla GF Berlin Product Access Issuing CA",
    }
)
_VEHICLE_USAGES = frozenset({"1.3.6.1.4.1.49279.2.4.1", "1.3.6.1.4.1.49279.2.5.1"})
_WIFI_USAGE = "1.3.6.1.4.1.49279.2.5.1.1"
_OTHER_UNITS = frozenset({"Solar Inverter", "Gen3 Wall Connector"})
_BOARD_UNIT = "Tesla Motors SN"


class NoCar(Exception):
    """The certificate is none of a vehicle; the text says why."""


def vin_of(certificate_der: bytes) -> str:
    """Return the VIN of the car that a verified certificate was issued to.

    Raises `NoCar`.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        issuer = _first(certificate.issuer, NameOID.COMMON_NAME)
        units = _units(certificate)
        if issuer in _DEVICE_ISSUERS:
            _check_usages(certificate, units)
        elif issuer not in _VEHICLE_ISSUERS:
            raise NoCar("issued by somebody unknown")
        elif issuer == "Tesla Motors Products CA" and units[:1] == [_BOARD_UNIT]:
            raise NoCar("issued to a board")
        vin = _first(certificate.subject, NameOID.COMMON_NAME).replace(".", "-")
    except ValueError as error:
        raise NoCar("unreadable") from error
    if not is_vin(vin):
        raise NoCar("issued to no VIN")
    return vin


def _check_usages(certificate: x509.Certificate, units: list[str]) -> None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usages = {usage.dotted_string for usage in found.value}
    except x509.ExtensionNotFound:
        usages = set()
    if _WIFI_USAGE in usages or not usages & _VEHICLE_USAGES:
        raise NoCar("issued for another purpose")
    if _OTHER_UNITS.intersection(units):
        raise NoCar("issued to another device")


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _units(certificate: x509.Certificate) -> list[str]:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return [str(one.value) for one in found]
