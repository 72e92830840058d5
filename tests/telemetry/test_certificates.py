import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from django.core.checks import run_checks
from django.db import connection, transaction
from django.utils import timezone

from accounts import crypto
from accounts.models import AuditEntry
from accounts.services import sealed
from telemetry import certificates, issuing, public, tasks
from telemetry.models import CarAuthority, CarCertificate

HOSTNAME = "cars.example.com"


@pytest.fixture(autouse=True)
def _hostname(settings: Any) -> None:
    settings.TELEMETRY_HOSTNAME = HOSTNAME
    settings.TELEMETRY_PORT = 4443


Files = Callable[..., issuing.Issued]


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Files:
    """Return a way to put a public certificate into files and settings."""

    def put(
        hostname: str = HOSTNAME, good_for: timedelta = timedelta(days=80)
    ) -> issuing.Issued:
        now = timezone.now()
        by = issuing.authority("A public authority", now, timedelta(days=100))
        issued = issuing.server(by, hostname, now, good_for)
        settings.TELEMETRY_CERTIFICATE_FILE = str(tmp_path / "certificate.pem")
        settings.TELEMETRY_CERTIFICATE_KEY_FILE = str(tmp_path / "key.pem")
        settings.TELEMETRY_CA_FILE = str(tmp_path / "ca.pem")
        (tmp_path / "certificate.pem").write_text(issued.certificate_pem)
        (tmp_path / "key.pem").write_text(issued.private_pem)
        (tmp_path / "ca.pem").write_text(by.certificate_pem)
        return issued

    return put


@pytest.mark.django_db
def test_authority_is_made_once_and_its_key_is_sealed() -> None:
    made = certificates.authority()

    assert certificates.authority() == made
    assert CarAuthority.objects.count() == 1
    assert "PRIVATE" not in made.private_pem_sealed
    assert AuditEntry.objects.get().action == "key.made"
    found = x509.load_pem_x509_certificate(made.certificate_pem.encode())
    key = found.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    years = (found.not_valid_after_utc - timezone.now()).days / 365
    assert round(years) == 10


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_start_together_make_one_authority() -> None:
    def make(_number: int) -> str:
        try:
            return str(certificates.authority().pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(make, range(4)))

    assert made == {str(CarAuthority.objects.get().pk)}


@pytest.mark.django_db
def test_leaf_is_for_the_host_name_and_under_the_authority() -> None:
    issued = certificates.leaf()

    by = x509.load_pem_x509_certificate(certificates.ca_pem().encode())
    found = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    found.verify_directly_issued_by(by)
    assert issuing.names_of(found) == {HOSTNAME}
    assert "PRIVATE" in issued.private_pem
    assert "PRIVATE" not in repr(issued)
    assert certificates.leaf() == issued


@pytest.mark.django_db
def test_leaf_renews_itself_and_the_authority_stays() -> None:
    now = timezone.now()
    ca, first = certificates.ca_pem(), certificates.leaf(now)

    assert certificates.leaf(now + timedelta(days=59)) == first
    second = certificates.leaf(now + timedelta(days=61))
    assert second != first
    assert certificates.leaf(now + timedelta(days=62)) == second
    assert certificates.ca_pem() == ca

    certificates.leaf(now + timedelta(days=125))
    assert CarCertificate.objects.count() == 2  # the first is over


@pytest.mark.django_db
def test_leaf_is_made_anew_for_another_host_name(settings: Any) -> None:
    first = certificates.leaf()
    settings.TELEMETRY_HOSTNAME = "127.0.0.1"

    second = certificates.leaf()

    assert second != first
    found = x509.load_pem_x509_certificate(second.certificate_pem.encode())
    assert issuing.names_of(found) == {"127.0.0.1"}


@pytest.mark.django_db
def test_leaf_never_outlives_its_authority() -> None:
    by = certificates.authority()
    CarAuthority.objects.update(not_after=timezone.now() + timedelta(days=9))

    found = x509.load_pem_x509_certificate(certificates.leaf().certificate_pem.encode())

    assert (found.not_valid_after_utc - timezone.now()).days < 9
    assert by.pk == CarAuthority.objects.get().pk


@pytest.mark.django_db
def test_keys_are_rotated_with_all_other_secrets() -> None:
    certificates.leaf()

    assert sealed.rotate().left == 0
    assert certificates.leaf().private_pem


@pytest.mark.django_db
def test_a_key_moved_to_another_row_does_not_open() -> None:
    certificates.leaf()
    CarCertificate.objects.update(
        private_pem_sealed=CarAuthority.objects.get().private_pem_sealed
    )

    with pytest.raises(crypto.Undecryptable):
        certificates.leaf()


@pytest.mark.django_db
def test_destination_is_what_cars_are_told() -> None:
    there = certificates.destination()

    assert (there.hostname, there.port, there.ca) == (
        HOSTNAME,
        4443,
        CarAuthority.objects.get().certificate_pem,
    )
    assert there.digest == certificates.destination().digest


@pytest.mark.django_db
def test_problems_tell_of_the_end_before_it_comes() -> None:
    now = timezone.now()
    assert certificates.problems(now) == []
    certificates.authority()
    assert certificates.problems(now) == []
    certificates.leaf(now)
    assert certificates.problems(now) == []

    late = certificates.problems(now + timedelta(days=80))
    assert [words.partition(" ends on")[0] for words in late] == [
        "The receiver's certificate"
    ]
    later = certificates.problems(now + timedelta(days=3600))
    assert later[0].startswith("The authority that cars trust ends on")


@pytest.mark.django_db
def test_own_certificate_that_ends_is_told_at_the_start_and_by_the_clock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    certificates.leaf()
    assert _told_at_the_start() == []
    tasks.look_at_certificates()
    assert caplog.messages == []
    end = timezone.now() + timedelta(days=13)
    CarCertificate.objects.update(not_after=end)
    (words,) = certificates.problems(timezone.now())
    assert words.startswith(f"The receiver's certificate ends on {end:%Y-%m-%d}")
    assert _told_at_the_start() == [words]
    tasks.look_at_certificates()
    assert caplog.messages == [words]


@pytest.mark.django_db
def test_public_certificate_that_ends_is_told_at_the_start_and_by_the_clock(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    files(good_for=timedelta(days=13))
    (words,) = certificates.problems(timezone.now())
    assert _told_at_the_start() == [words]
    tasks.look_at_certificates()
    assert caplog.messages == [words]


@pytest.mark.django_db
def test_database_that_is_not_migrated_yet_hinders_no_start() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telemetry_carauthority RENAME TO other")
    with transaction.atomic():
        assert _told_at_the_start() == []
        transaction.set_rollback(True)


def test_certificates_are_looked_at_each_hour(settings: Any) -> None:
    rung = {one["task"]: one for one in settings.CELERY_BEAT_SCHEDULE.values()}
    found = rung[tasks.look_at_certificates.name]
    assert found["schedule"].run_every == timedelta(hours=1)


def test_public_certificate_is_read_from_files(files: Files) -> None:
    issued = files()

    assert certificates.leaf().certificate_pem == issued.certificate_pem
    assert certificates.ca_pem().startswith("-----BEGIN CERTIFICATE")
    assert certificates.problems(timezone.now()) == []
    assert _warnings() == []


def test_public_certificate_for_another_host_is_told(files: Files) -> None:
    files("other.example.com")
    words = f"The certificate for cars is not for {HOSTNAME}."
    assert certificates.problems(timezone.now()) == [words]
    assert _warnings() == [words]


@pytest.mark.parametrize(
    ("days", "words"), [(3, "ends on 2026-01-06"), (-9, "ended on 2025-12-25")]
)
def test_public_certificate_that_ends_is_told(
    files: Files, days: int, words: str
) -> None:
    files(good_for=timedelta(days=80))
    end = x509.load_pem_x509_certificate(
        certificates.leaf().certificate_pem.encode()
    ).not_valid_after_utc
    found = certificates.problems(end - timedelta(days=days))
    assert [words.split(" on ")[0] for words in found] == [
        f"The certificate for cars {words.split(' on ', maxsplit=1)[0]}"
    ]


def test_public_certificate_of_all_hosts_is_for_ours(files: Files) -> None:
    files("*.example.com")
    assert certificates.problems(timezone.now()) == []


def test_files_that_cannot_be_used_are_told(
    files: Files, settings: Any, tmp_path: Path
) -> None:
    files()
    settings.TELEMETRY_CA_FILE = str(tmp_path / "none.pem")
    assert certificates.problems(timezone.now()) == [
        f"{tmp_path}/none.pem cannot be read (No such file or directory)."
    ]
    (tmp_path / "none.pem").write_bytes(b"\xff\xfe")
    assert "not a text file" in certificates.problems(timezone.now())[0]
    (tmp_path / "none.pem").write_text("nothing")
    assert "no certificate" in certificates.problems(timezone.now())[0]
    with pytest.raises(public.Unusable):
        public.text(str(tmp_path))


def test_a_key_that_does_not_fit_is_told(files: Files, tmp_path: Path) -> None:
    old = files()
    files()
    (tmp_path / "key.pem").write_text(old.private_pem)
    words = ["The private key for cars is not that of the certificate."]
    assert certificates.problems(timezone.now()) == words
    assert _warnings() == words
    (tmp_path / "key.pem").write_text(old.private_pem[:90])
    words = ["The private key for cars is no key in PEM."]
    assert certificates.problems(timezone.now()) == words


def test_a_key_with_a_password_is_told(files: Files, tmp_path: Path) -> None:
    key = load_pem_private_key(files().private_pem.encode(), None)
    sealed_pem = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password")
    )
    (tmp_path / "key.pem").write_bytes(sealed_pem)
    assert certificates.problems(timezone.now()) == [
        "The private key for cars has a password."
    ]


def test_a_certificate_without_names_is_for_nobody() -> None:
    by = issuing.authority("x", datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=9))
    found = x509.load_pem_x509_certificate(by.certificate_pem.encode())
    assert not issuing.is_for(found, "x")


def test_files_are_set_all_three_or_none(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"TELEMETRY_CA_FILE": "x", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "needs TELEMETRY_CERTIFICATE_KEY_FILE and TELEMETRY_CA_FILE" in (
        outcome.stderr
    )


def _told_at_the_start() -> list[str]:
    """Return what `receive_telemetry` looks at before it starts."""
    return [found.msg for found in run_checks(tags=["telemetry"])]


def _warnings() -> list[str]:
    return [found.msg for found in run_checks() if found.id == "telemetry.W001"]
