"""What a person reads when signing in with Tesla did not work."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

import fleet
from accounts.services import invitations
from fleet import errors as fleet_errors
from tokens.services import grants, sign_in

_LONGEST_DETAIL = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail: the status of the page, and its words."""

    status: int
    title: str
    words: str


FOREIGN = Failure(
    400,
    "This sign-in was not started here",
    "The answer from Tesla does not belong to a sign-in of this browser, was used"
    " before, or took longer than ten minutes. Nothing was stored. Start again.",
)
DENIED = Failure(
    403,
    "You did not agree at Tesla",
    "Nothing was changed: Keyfob sees no more of your Tesla account than before. If"
    " this was not what you meant, start again and tick what you want to share.",
)
NOT_PROVED = Failure(
    403,
    "Is it you?",
    "This Tesla account is new to your login and would open it from now on, and you"
    " signed in more than five minutes ago. Nothing was stored. Start again; you are"
    " asked to show first that it is you.",
)
_SPENT = Failure(
    410,
    "This invitation has ended",
    "The link was used already, was taken back, or is too old. Nothing was stored. Ask"
    " the owner for a new invitation.",
)
BY_ERROR: dict[type[Exception], Failure] = {
    grants.LinkedElsewhere: Failure(
        409,
        "This Tesla account is linked to another login",
        "A Tesla account belongs to one login of this Keyfob, so that its cars are not"
        " shared by accident. Sign out and sign in with this Tesla account to find"
        " that login; unlink it there on the Scopes page, then link it here.",
    ),
    sign_in.SignUpClosed: Failure(
        403,
        "Nobody here has this Tesla account",
        "This Keyfob does not take new members by itself. If you have a login here,"
        " sign in with your password and link the Tesla account on the Scopes page;"
        " else ask the owner.",
    ),
    sign_in.AddressTaken: Failure(
        409,
        "A login with your e-mail address exists",
        "It is not linked to this Tesla account. Sign in with your password, then link"
        " the Tesla account on the Scopes page.",
    ),
    invitations.Spent: _SPENT,
    invitations.AddressTaken: _SPENT,
    sign_in.Disabled: Failure(
        403,
        "This login is disabled",
        "The owner of this Keyfob has disabled it. Nothing was stored.",
    ),
    sign_in.NoIdentity: Failure(
        400,
        "Tesla did not say who you are",
        "The permission “Sign in with Tesla” was not ticked, so Keyfob cannot know"
        " whose cars these are. Nothing was stored. Start again and tick it.",
    ),
}


def page(request: HttpRequest, failure: Failure, detail: str = "") -> HttpResponse:
    """Show a failure; `detail` is the other side's own word, kept under "details"."""
    shown = "".join(sign for sign in detail if sign.isprintable())[:_LONGEST_DETAIL]
    context = {"failure": failure, "detail": shown}
    return render(request, "tokens/sign_in_failed.html", context, status=failure.status)


def tesla_page(request: HttpRequest, error: fleet.FleetError) -> HttpResponse:
    """Show a failure of Tesla's; it can be tried again."""
    explanation = fleet_errors.explain(error)
    is_ours = isinstance(error, fleet.InvalidIDToken | fleet.InvalidRequest)
    status = 400 if is_ours else 502
    failure = Failure(
        status, explanation.title, f"{explanation.words} Nothing was stored."
    )
    return page(request, failure, error.code)
