"""The signing key: one, encrypted, its public half in a file."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connections, transaction

from accounts import crypto
from tokens.models import SigningKey
from tokens.services import signing_keys


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a data folder of this test's own."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "not" / "there")


def test_signing_key_is_made_once(db: None) -> None:
    first = signing_keys.signing_key()
    assert signing_keys.signing_key() == first
    assert SigningKey.objects.count() == 1
    assert first.private_pem_sealed.startswith("v1:t1:")
    assert "PRIVATE" not in first.private_pem_sealed


def test_halves_belong_together(db: None) -> None:
    private = signing_keys.private_key(signing_keys.signing_key())
    public = serialization.load_pem_public_key(signing_keys.public_pem().encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    public.verify(
        private.sign(b"text", ec.ECDSA(hashes.SHA256())),
        b"text",
        ec.ECDSA(hashes.SHA256()),
    )


def test_public_hex_is_an_uncompressed_point(db: None) -> None:
    text = signing_keys.public_hex()
    assert (len(text), text[:2]) == (130, "04")
    point = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes.fromhex(text)
    )
    private = signing_keys.private_key(signing_keys.signing_key())
    assert private.public_key() == point


def test_public_pem_writes_the_file_and_mends_it(db: None) -> None:
    pem = signing_keys.public_pem()
    path = signing_keys.public_file()
    assert path.read_text() == pem
    assert path.stat().st_mode & 0o777 == 0o644
    path.write_text("something else")
    signing_keys.public_pem()
    assert path.read_text() == pem
    assert [one.name for one in path.parent.iterdir()] == ["public-key.pem"]


def test_private_key_of_another_row_does_not_open(db: None) -> None:
    sealed = signing_keys.signing_key().private_pem_sealed
    with pytest.raises(crypto.Undecryptable):
        signing_keys.private_key(SigningKey(private_pem_sealed=sealed))


def test_private_key_of_another_kind_is_refused(db: None) -> None:
    key = signing_keys.signing_key()
    rsa_pem = _rsa_pem()
    context = crypto.context_of(key, "private_pem_sealed")
    key.private_pem_sealed = crypto.seal(rsa_pem, context=context)
    with pytest.raises(crypto.Undecryptable):
        signing_keys.private_key(key)


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_agree() -> None:
    def one(_: int) -> str:
        try:
            return signing_keys.signing_key().public_pem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(8)))) == 1
    assert SigningKey.objects.count() == 1


def test_database_lets_one_key_in(db: None) -> None:
    signing_keys.signing_key()
    with pytest.raises(IntegrityError), transaction.atomic():
        SigningKey.objects.create(private_pem_sealed="x", public_pem="x")


def test_make_signing_key_says_what_it_did(db: None) -> None:
    said = []
    for _ in range(2):
        out = StringIO()
        call_command("make_signing_key", stdout=out)
        said.append(out.getvalue())
    path = signing_keys.public_file()
    assert said == [
        f"The signing key was made: {path}\n",
        f"The signing key is there already: {path}\n",
    ]


def _rsa_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
