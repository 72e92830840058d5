"""How allauth behaves here: who may sign up, where letters go, what they link to."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest  # noqa: TID251  # allauth's hooks take it
from django.urls import reverse

from accounts import proofs, trail
from accounts.http import LOCAL, client_address
from accounts.models import User
from accounts.services import letters

logger = logging.getLogger(__name__)
_NO_ADDRESS = "0.0.0.0"  # noqa: S104  # nothing listens on it: it stands for no address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keyfob's answers to allauth's questions."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Tell whether strangers may make an account: the operator's setting says."""
        return bool(settings.SIGNUP_OPEN)

    def get_login_stages(self) -> list[str]:
        """Return what stands between a proof and the console.

        Who comes from Tesla, or with a passkey alone, needs no proven e-mail address:
        Tesla or the key says who they are.
        """
        stages: list[str] = super().get_login_stages()
        records = self.request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        newest = records[-1] if records else {}
        if newest.get("method") == "socialaccount" or newest.get("passwordless"):
            stages.remove("allauth.account.stages.EmailVerificationStage")
        return stages

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address by which sign-ins are limited; never refuse for its lack.

        Behind a Unix socket without a trusted proxy all clients share one limit. What
        lists sessions stores an address, and nothing else, so that one stands for it.
        """
        address = client_address(request)
        return _NO_ADDRESS if address == LOCAL else address

    def authentication_failed(
        self,
        request: HttpRequest,
        **credentials: Any,
    ) -> None:
        """Put a wrong password into the trail of the person whose it is not."""
        trail.password_was_wrong(request, credentials.get("email") or "")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Tell whether an act needs a fresh proof; raise where allauth would not ask.

        It takes the lack of a password for a proof. Who signs in by Tesla alone is
        asked to do that again. Raises `ReauthenticationRequired`.
        """
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        if not get_reauthentication_flows(self.request.user) and not proofs.is_recent(
            self.request
        ):
            raise ReauthenticationRequired
        return True

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """Return the ways to prove it again; Tesla where there is no other."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if methods or not user.is_authenticated:
            return methods
        return [
            {
                "id": "tesla",
                "description": "Sign in with Tesla once more",
                "url": reverse(settings.TESLA_PROOF_URL),
            }
        ]

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check a password again; stay signed in when that renewed its hash.

        A hash is renewed when the hasher has grown stronger since it was made; the
        session is bound to it.
        """
        if not super().reauthenticate(user, password):
            return False
        hashed = user.password
        user.refresh_from_db(fields=["password"])
        if user.password != hashed:
            update_session_auth_hash(self.request, user)
            # That gave the session another key.
            UserSession.objects.create_from_request(self.request)
        return True

    def format_email_subject(self, subject: str) -> str:
        """Return the subject with the product's name before it."""
        return f"Keyfob: {subject}"

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Write a letter whose links lead to `PUBLIC_URL`, and send or keep it.

        A letter that the mail server refuses is kept for the owner.
        """
        ours = {
            name: _at_home(value) if name.endswith("_url") else value
            for name, value in context.items()
        }
        message = self.render_mail(
            template_prefix,
            email,
            {"email": email, "public_url": settings.PUBLIC_URL, **ours},
        )
        try:
            message.send()
        except (OSError, SMTPException):
            logger.exception("The mail server did not take a letter; it is kept")
            letters.keep(email, str(message.subject), str(message.body))

    def _get_login_attempts_cache_key(
        self,
        request: HttpRequest,  # noqa: ARG002  # allauth's signature
        **credentials: Any,
    ) -> str:
        """Count wrong passwords by address alone, whichever host name was called."""
        login: str = credentials.get("email") or credentials.get("username") or ""
        return login.lower()


def _at_home(url: str) -> str:
    """Return an address at `PUBLIC_URL`, whichever host the request had named."""
    home = urlsplit(settings.PUBLIC_URL)
    return urlsplit(url)._replace(scheme=home.scheme, netloc=home.netloc).geturl()
