"""Second factors for tests: set up without a browser, and their codes."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD_S = 30
_TYPED_WITHIN_S = 5


def set_up_app(user: User, secret: str = SECRET) -> list[str]:
    """Give a user an authenticator app, and return their recovery codes."""
    TOTP.activate(user, secret)
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes


def code_now(secret: str = SECRET) -> str:
    """Return what the app shows now, and for as long as a browser takes to type it."""
    left_s = PERIOD_S - time.time() % PERIOD_S
    if left_s < _TYPED_WITHIN_S:
        time.sleep(left_s)
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_S))
    return code


def gave_code(client: Client) -> Client:
    """Let a client's session, which proved who it is, have given the app's code too."""
    session = client.session
    record = {"method": "mfa", "type": "totp", "at": time.time()}
    session["account_authentication_methods"] += [record]
    session.save()
    return client
