"""Put errors into words for people: what happened, and who must act."""

from dataclasses import replace

from fleet.errors import command_words, commands, tree
from fleet.errors.explanation import Explanation

_EXPLANATIONS: dict[type[tree.FleetError], Explanation] = {
    tree.FleetError: Explanation(
        "Tesla did not answer as expected",
        "The call to Tesla failed. Try again in a few minutes.",
        "Tesla",
    ),
    tree.Unreachable: Explanation(
        "Tesla cannot be reached",
        "No answer came from Tesla's server. Try again in a few minutes; if it "
        "lasts, check that this server has a way to the internet.",
        "Tesla",
    ),
    tree.TeslaAway: Explanation(
        "Tesla is away",
        "Tesla's server for this region keeps failing, so it is left alone for a "
        "moment and nothing was sent. Nobody has to do anything: it is asked again "
        "by itself.",
        "nobody",
    ),
    tree.TimedOut: Explanation(
        "Tesla took too long",
        "Tesla's server did not answer in time. It may still have done what was "
        "asked; look before you try again.",
        "Tesla",
    ),
    tree.Unreadable: Explanation(
        "Tesla's answer cannot be read",
        "Tesla answered with something other than data, as it does while its "
        "servers are being worked on. Try again in a few minutes.",
        "Tesla",
    ),
    tree.InvalidIDToken: Explanation(
        "Tesla's proof of who you are does not hold",
        "The identity that came with the sign-in could not be verified, so "
        "nothing was stored. Sign in again.",
        "you",
    ),
    tree.Refused: Explanation(
        "Tesla refused", "Tesla did not accept this call.", "operator"
    ),
    tree.InvalidRequest: Explanation(
        "Tesla did not understand",
        "Tesla says that the request is not valid. Check the values; asking the "
        "same again will not help.",
        "you",
    ),
    tree.Unauthorized: Explanation(
        "Tesla does not accept our token",
        "Tesla's access token is expired or no longer valid. It is renewed by "
        "itself; if this stays, link the Tesla account again.",
        "nobody",
    ),
    tree.LoginRequired: Explanation(
        "Link your Tesla account again",
        "Tesla has ended this link, as it does after a new password, a withdrawn "
        "consent or three months without use. Sign in with Tesla once more.",
        "you",
    ),
    tree.PaymentRequired: Explanation(
        "Tesla's billing limit is reached",
        "The application has used up its billing limit at Tesla. The operator can "
        "raise it on Tesla's developer page; else it starts anew next month.",
        "operator",
    ),
    tree.Forbidden: Explanation(
        "Tesla does not allow this",
        "This car, site or account may not be used in this way.",
        "you",
    ),
    tree.MissingScopes: Explanation(
        "A permission is missing",
        "You have not granted what this needs. Change your permissions on Tesla's "
        "page, then sign in with Tesla again.",
        "you",
    ),
    tree.NotFound: Explanation(
        "Tesla does not know this",
        "The car or site is not, or no longer, on this Tesla account.",
        "you",
    ),
    tree.NotAcceptable: Explanation(
        "Tesla wants another format",
        "The request was not sent as JSON; this is a fault of this console.",
        "operator",
    ),
    tree.VehicleUnavailable: Explanation(
        "The car is asleep or out of reach",
        "Tesla could not reach the car. Wake it, or wait until it is used again.",
        "you",
    ),
    tree.NotRegistered: Explanation(
        "The application is not registered in this region",
        "Tesla's servers for this region do not know the application yet. The "
        "operator registers it on the application's page.",
        "operator",
    ),
    tree.OutOfRegion: Explanation(
        "Another region serves this account",
        "Tesla keeps this account in a region that is not set up here.",
        "operator",
    ),
    tree.NotSupported: Explanation(
        "The car cannot do this", "This car does not support what was asked.", "nobody"
    ),
    tree.Locked: Explanation(
        "The Tesla account is locked",
        "Sign in on Tesla's own page to unlock it.",
        "you",
    ),
    tree.KeyDownloadFailed: Explanation(
        "Tesla could not fetch the public key",
        "Tesla must be able to read the key at this console's public address, "
        "over HTTPS and without a redirect.",
        "operator",
    ),
    tree.RateLimited: Explanation(
        "Too many calls",
        "Tesla limits how often a car or account may be asked.",
        "nobody",
    ),
    tree.ServerFault: Explanation(
        "Tesla's server has a fault",
        "Something failed at Tesla. Try again in a few minutes.",
        "Tesla",
    ),
    tree.DeviceFault: Explanation(
        "The car or site answered nonsense",
        "Tesla could not make sense of what the device said. Try again later.",
        "Tesla",
    ),
} | command_words.EXPLANATIONS


_BY_CODE = (
    (
        "mobile_access_disabled",
        Explanation(
            "Mobile Access is off in the car",
            "Turn on Mobile Access in the car: Controls, then Safety.",
            "you",
        ),
    ),
    (
        "unknown user",
        Explanation(
            "Tesla does not know this account yet",
            "Sign in to the Tesla app once with this account, then try again.",
            "you",
        ),
    ),
    (
        "command protocol required",
        Explanation(
            "The car takes signed commands only",
            "This car needs the virtual key before it takes commands from here.",
            "you",
        ),
    ),
    (
        "invalid_auth_code",
        Explanation(
            "The sign-in took too long or was used before",
            "Tesla's code works once and for a short time. Sign in again.",
            "you",
        ),
    ),
    (
        "unauthorized_client",
        Explanation(
            "Tesla does not accept the application",
            "Client id and secret do not belong together; the operator compares "
            "them with Tesla's developer page.",
            "operator",
        ),
    ),
    (
        "invalid_redirect_url",
        Explanation(
            "Tesla does not know the way back",
            "The callback address is not among those of the application; the "
            "operator adds it on Tesla's developer page.",
            "operator",
        ),
    ),
    (
        "must match registered allowed origin",
        Explanation(
            "The domain does not belong to the application",
            "The operator adds this console's domain to the allowed origins on "
            "Tesla's developer page.",
            "operator",
        ),
    ),
)
"""Words for codes of Tesla's that say more than their status."""


def explain(error: tree.FleetError) -> Explanation:
    """Return the words for an error: by its code, else its class or the one above."""
    said = error.code.lower()
    for part, explanation in _BY_CODE:
        if part in said:
            return explanation
    general = next(
        _EXPLANATIONS[kind] for kind in type(error).__mro__ if kind in _EXPLANATIONS
    )
    return replace(general, words=_words(error, general.words))


def _words(error: tree.FleetError, general: str) -> str:
    """Return the words with the facts of this error."""
    if isinstance(error, commands.InvalidField) and error.field:
        return f"{general} The field: {error.field}."
    if isinstance(error, commands.Ambiguous) and error.repeatable:
        return f"{general} Doing it twice does no harm."
    if isinstance(error, tree.MissingScopes) and error.scopes:
        return f"{general} Missing: {', '.join(error.scopes)}."
    says_when = isinstance(error, (tree.RateLimited, tree.TeslaAway))
    if says_when and error.retry_after_s is not None:
        return f"{general} Try again in {error.retry_after_s:.0f} seconds."
    return general
