"""Programs that a user let in: how they connect, and fetch a new token each hour.

A connection is one of the user's access tokens (`AccessToken` with a `client_id`). Its
refresh token stays the same for as long as it stands: a program that does not hear an
answer asks again with what it has, and no household is locked out by a lost packet
(docs/decisions/0015). Of codes, hourly tokens and refresh tokens only the SHA-256 is kept.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, ConnectCode, HourlyToken
from tokens.services import access_tokens
from tokens.services.access_tokens import TooManyAccessTokens, digest, new_text
from tokens.services.programs import Wish

CODE_LIFE = timedelta(minutes=5)
TOKEN_LIFE = timedelta(hours=1)
# So many answers may be lost before the token of the one that was heard goes.
MOST_HOURLY_TOKENS = 10
_CODE, _REFRESH = "kfc_", "kfr_"
_HINT_LENGTH = 7


class NotConnected(Exception):
    """A code, a refresh token or a token is good for nothing (any more).

    `words` say who must do what.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class CodeReused(NotConnected):
    """A code came a second time, so that what it gave was ended. `user` is whose."""

    def __init__(self, user: User) -> None:
        super().__init__(
            "This code was used before. What it gave is ended; connect again."
        )
        self.user = user


@dataclass(frozen=True, slots=True)
class Pair:
    """What a program gets: a token for an hour, and one to fetch the next with."""

    connection: AccessToken
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def is_full(user: User) -> bool:
    """Tell whether a user has as many access tokens as one may have."""
    return AccessToken.objects.filter(user=user).count() >= MOST_ACCESS_TOKENS


def allow(user: User, wish: Wish) -> str:
    """Let a program in; return the code with which it gets its tokens.

    Raises `TooManyAccessTokens`; it is asked again when the code is used.
    """
    if is_full(user):
        raise TooManyAccessTokens
    # More than could be used are of no use to anybody.
    unused = ConnectCode.objects.filter(user=user, used_at=None)
    newest = unused.order_by("-expires_at", "-pk").values_list("pk", flat=True)
    unused.exclude(pk__in=list(newest[: MOST_ACCESS_TOKENS - 1])).delete()
    code = new_text(_CODE)
    ConnectCode.objects.create(
        user=user,
        digest=digest(code),
        client_id=wish.program.client_id,
        redirect_uri=wish.redirect_uri,
        challenge=wish.challenge,
        name=wish.title,
        expires_at=timezone.now() + CODE_LIFE,
    )
    return code


def exchange(code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Pair:
    """Turn a code into a connection, once.

    Whoever sends the same code at the same moment gets nothing; whoever sends it later
    ends what it gave. Raises `NotConnected`, `CodeReused` and `TooManyAccessTokens`;
    after the last the code is still good.
    """
    known = ConnectCode.objects.select_related("user", "access_token").filter(
        digest=digest(code)
    )
    asked = known.first()
    if asked is None:
        raise NotConnected("This code is not, or no longer, valid. Connect again.")
    if asked.used_at is not None:
        if asked.access_token is not None:
            access_tokens.remove(asked.access_token)
        raise CodeReused(asked.user)
    if asked.expires_at <= timezone.now():
        raise NotConnected("This code has expired. Connect again.")
    if (asked.client_id, asked.redirect_uri) != (client_id, redirect_uri):
        raise NotConnected("This code was given to another program or address.")
    if not hmac.compare_digest(_challenge(verifier), asked.challenge):
        raise NotConnected("The code_verifier is not that of the code_challenge.")
    with transaction.atomic():
        unused = ConnectCode.objects.filter(pk=asked.pk, used_at=None)
        if not unused.update(used_at=timezone.now()):
            raise NotConnected("This code is being used. Connect again.")
        pair = _connect(_locked(asked.user), client_id, asked.name)
        known.update(access_token=pair.connection)
    return pair


def refresh(refresh_token: str, *, client_id: str, client: str = "") -> Pair:
    """Return a token for the next hour; those that were given stay valid for theirs.

    `client` is what the program calls itself. Raises `NotConnected`.
    """
    with transaction.atomic():
        connection = (
            AccessToken.objects.select_for_update(of=("self",))
            .filter(client_id=client_id, refresh_digest=digest(refresh_token))
            .filter(user__is_active=True)
            .first()
        )
        if connection is None:
            raise NotConnected(
                "This refresh token is not, or no longer, valid: the connection was"
                " removed here, or its account is closed. Connect again."
            )
        if connection.last_used_at is None:
            connection.last_used_at = timezone.now()
            connection.last_used_by = client
            connection.save(update_fields=["last_used_at", "last_used_by"])
        return Pair(connection, _hourly(connection), refresh_token)


def migrate(text: str, *, client_id: str, name: str) -> Pair:
    """Make a connection for the holder of an access token, which stays as it is.

    A program that asks again because it heard no answer gets the same connection, with
    a new refresh token, while the connection was not used. Raises `NotConnected` and
    `TooManyAccessTokens`.
    """
    old = AccessToken.objects.filter(digest=digest(text), user__is_active=True)
    found = old.select_related("user").first()
    if found is None:
        raise NotConnected(
            "This access token is not, or no longer, valid here. Connect again."
        )
    with transaction.atomic():
        user = _locked(found.user)
        # Locked, as by its program: one that fetches a token now has heard its answer.
        unheard = (
            AccessToken.objects.select_for_update(of=("self",))
            .filter(user=user, migrated_from=found.pk, client_id=client_id, name=name)
            .filter(last_used_at=None)
            .first()
        )
        if unheard is None:
            return _connect(user, client_id, name, migrated_from=found.pk)
        HourlyToken.objects.filter(access_token=unheard).delete()
        text = new_text(_REFRESH)
        unheard.refresh_digest, unheard.hint = digest(text), text[:_HINT_LENGTH]
        unheard.save(update_fields=["refresh_digest", "hint"])
        return Pair(unheard, _hourly(unheard), text)


def forget_expired(now: datetime) -> int:
    """Delete the codes and hourly tokens that have expired; return how many."""
    codes, _ = ConnectCode.objects.filter(expires_at__lte=now).delete()
    hourly, _ = HourlyToken.objects.filter(expires_at__lte=now).delete()
    return codes + hourly


def _locked(user: User) -> User:
    """Queue at the user's row, so that nobody passes the limit; refuse who is gone."""
    active = User.objects.select_for_update().filter(pk=user.pk, is_active=True).first()
    if active is None:
        raise NotConnected("This account is closed or suspended. Ask the owner.")
    return active


def _connect(
    user: User, client_id: str, name: str, *, migrated_from: UUID | None = None
) -> Pair:
    if is_full(user):
        raise TooManyAccessTokens
    text = new_text(_REFRESH)
    made = AccessToken.objects.create(
        user=user,
        name=name,
        client_id=client_id,
        refresh_digest=digest(text),
        hint=text[:_HINT_LENGTH],
        migrated_from=migrated_from,
    )
    return Pair(made, _hourly(made), text)


def _hourly(connection: AccessToken) -> str:
    """Add a token for an hour; those that expired go, and the oldest beyond some."""
    text, now = new_text(), timezone.now()
    tokens = HourlyToken.objects.filter(access_token=connection)
    tokens.filter(expires_at__lte=now).delete()
    newest = tokens.order_by("-expires_at", "-pk").values_list("pk", flat=True)
    tokens.exclude(pk__in=list(newest[: MOST_HOURLY_TOKENS - 1])).delete()
    HourlyToken.objects.create(
        access_token=connection, digest=digest(text), expires_at=now + TOKEN_LIFE
    )
    return text


def _challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    hashed = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")
