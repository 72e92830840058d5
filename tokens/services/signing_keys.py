"""The EC P-256 key that signs commands: made once, encrypted, its public half shown."""

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import crypto
from tokens.models import SigningKey

PUBLIC_FILE = "public-key.pem"
_decrypted: dict[str, ec.EllipticCurvePrivateKey] = {}


def signing_key() -> SigningKey:
    """Return the one signing key; make it when there is none yet.

    Two processes that start together agree: the database lets one row in.
    """
    found = SigningKey.objects.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            made = _new_key()
            made.save(force_insert=True)
    except IntegrityError:
        return SigningKey.objects.get()
    return made


def public_pem() -> str:
    """Return the public half as PEM (SubjectPublicKeyInfo), and keep it as a file.

    The file `public-key.pem` in the data folder lets the well-known address answer
    while the database is away.
    """
    pem = signing_key().public_pem
    path = public_file()
    if not path.is_file() or path.read_text(encoding="ascii") != pem:
        _write(path, pem)
    return pem


def public_file() -> Path:
    """Return where the public half is kept beside the database."""
    return Path(settings.DATA_DIR) / PUBLIC_FILE


def public_hex() -> str:
    """Return the public half as Tesla writes it: an uncompressed point, hex, `04…`."""
    key = serialization.load_pem_public_key(public_pem().encode())
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    ).hex()


def private_key(key: SigningKey) -> ec.EllipticCurvePrivateKey:
    """Return the private half, decrypted. Raises `accounts.crypto.Undecryptable`."""
    context = crypto.context_of(key, "private_pem_sealed")
    pem = crypto.unseal(key.private_pem_sealed, context=context)
    found = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise crypto.Undecryptable("The signing key is not an elliptic curve key.")
    return found


def own_private_key() -> ec.EllipticCurvePrivateKey:
    """Return the private half of the one key, decrypted once in each process."""
    key = signing_key()
    found = _decrypted.get(key.private_pem_sealed)
    if found is None:
        found = private_key(key)
        _decrypted.clear()
        _decrypted[key.private_pem_sealed] = found
    return found


def _new_key() -> SigningKey:
    private = ec.generate_private_key(ec.SECP256R1())
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = SigningKey(public_pem=public.decode())
    context = crypto.context_of(key, "private_pem_sealed")
    key.private_pem_sealed = crypto.seal(private_pem, context=context)
    return key


def _write(path: Path, text: str) -> None:
    """Put a file in place in one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    temporary = Path(name)
    temporary.chmod(0o644)
    temporary.replace(path)
