"""The certificate that cars see, and what they are told to trust.

Without settings there is a private authority of our own, made once and kept for ten
years, and a certificate of 90 days that is renewed by itself after 60: cars trust the
authority, so they notice nothing. With settings it is a public certificate in files,
which whoever runs this Keyfob renews; changed files are noticed, too.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit, crypto
from telemetry import issuing, public
from telemetry.issuing import Issued
from telemetry.models import CarAuthority, CarCertificate
from vehicles.services.telemetry import Destination

_LOG = logging.getLogger(__name__)
AUTHORITY_NAME = "Keyfob telemetry authority"
_AUTHORITY_GOOD_FOR = timedelta(days=3653)
_GOOD_FOR = timedelta(days=90)
_RENEWED_AFTER = timedelta(days=60)
_AUTHORITY_SOON = timedelta(days=180)
_SEALED = "private_pem_sealed"


def destination() -> Destination:
    """Return where cars are to connect. Raises `public.Unusable` for files that are not."""
    return Destination(settings.TELEMETRY_HOSTNAME, settings.TELEMETRY_PORT, ca_pem())


def ca_pem() -> str:
    """Return what cars are told to trust, as PEM. Raises `public.Unusable`."""
    if settings.TELEMETRY_CERTIFICATE_FILE:
        return public.text(settings.TELEMETRY_CA_FILE)
    return authority().certificate_pem


def leaf(now: datetime | None = None) -> Issued:
    """Return what the receiver shows to cars, made anew when it is time to.

    Raises `public.Unusable`, `accounts.crypto.Undecryptable` and `DatabaseError`.
    """
    if settings.TELEMETRY_CERTIFICATE_FILE:
        return Issued(
            public.text(settings.TELEMETRY_CERTIFICATE_FILE),
            public.text(settings.TELEMETRY_CERTIFICATE_KEY_FILE),
        )
    now = now or timezone.now()
    by = authority()
    found = CarCertificate.objects.newest(by, settings.TELEMETRY_HOSTNAME)
    if found is None or found.renew_at <= now:
        found = _renew(by, now)
    return Issued(found.certificate_pem, _private_pem(found))


def authority() -> CarAuthority:
    """Return the one authority; make it when there is none yet.

    Two processes that start together agree: the database lets one row in.
    """
    found = CarAuthority.objects.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            made = _new_authority(timezone.now())
            made.save(force_insert=True)
            audit.record(None, "key.made", subject=AUTHORITY_NAME)
    except IntegrityError:
        return CarAuthority.objects.get()
    return made


def problems(now: datetime) -> list[str]:
    """Return what is wrong with the certificates, or soon will be, in sentences."""
    if settings.TELEMETRY_CERTIFICATE_FILE:
        return public.problems(now)
    found = []
    by = CarAuthority.objects.first()
    if by is None:
        return []
    if by.not_after - now < _AUTHORITY_SOON:
        found.append(
            f"The authority that cars trust ends on {by.not_after:%Y-%m-%d}."
            " Delete it, then send every car its configuration again."
        )
    newest = CarCertificate.objects.newest(by, settings.TELEMETRY_HOSTNAME)
    if newest is not None and newest.not_after - now < public.SOON:
        found.append(
            f"The receiver's certificate ends on {newest.not_after:%Y-%m-%d} and was"
            " not renewed. Is the receiver running?"
        )
    return found


def _new_authority(now: datetime) -> CarAuthority:
    issued = issuing.authority(AUTHORITY_NAME, now, _AUTHORITY_GOOD_FOR)
    made = CarAuthority(
        certificate_pem=issued.certificate_pem, not_after=now + _AUTHORITY_GOOD_FOR
    )
    made.private_pem_sealed = _sealed(made, issued)
    return made


def _renew(by: CarAuthority, now: datetime) -> CarCertificate:
    """Make a certificate; two processes may make one each, and both are good."""
    hostname = settings.TELEMETRY_HOSTNAME
    issuer = Issued(by.certificate_pem, _private_pem(by))
    end = min(now + _GOOD_FOR, by.not_after)
    issued = issuing.server(issuer, hostname, now, end - now)
    made = CarCertificate(
        authority=by,
        hostname=hostname,
        certificate_pem=issued.certificate_pem,
        renew_at=now + _RENEWED_AFTER,
        not_after=end,
    )
    made.private_pem_sealed = _sealed(made, issued)
    made.save(force_insert=True)
    CarCertificate.objects.filter(not_after__lt=now).delete()
    _LOG.info("The certificate for cars is good until %s.", end.date())
    return made


def _sealed(row: CarAuthority | CarCertificate, issued: Issued) -> str:
    return crypto.seal(issued.private_pem, context=crypto.context_of(row, _SEALED))


def _private_pem(row: CarAuthority | CarCertificate) -> str:
    context = crypto.context_of(row, _SEALED)
    return crypto.unseal(row.private_pem_sealed, context=context)
