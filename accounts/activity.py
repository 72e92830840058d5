"""The audit trail in words for the person whose it is."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import AuditEntry

_WORDS = {
    "sign_in": "Signed in",
    "sign_in.failed": "Sign-in refused",
    "sign_out": "Signed out",
    "proof.failed": "“Is it you?” answered wrongly",
    "password.changed": "Password changed",
    "password.set": "Password set",
    "password.reset": "Password reset by a link",
    "email.changed": "E-mail address changed",
    "mfa.added": "Second factor added",
    "mfa.removed": "Second factor removed",
    "mfa.renewed": "Recovery codes renewed",
    "session.ended": "Session ended",
    "token.issued": "Access token made",
    "token.removed": "Access token removed",
    "token.commanded": "Access token used for commands",
    "program.allowed": "Program allowed to connect",
    "program.connected": "Program connected",
    "program.removed": "Connection of a program removed",
    "program.ended": "Connection ended: its code came twice",
    "grant.linked": "Tesla account linked",
    "grant.unlinked": "Tesla account unlinked",
    "vehicle.removed": "Car removed",
    "energy_site.removed": "Energy site removed",
    "grant.scopes_changed": "Scopes changed at Tesla",
    "key.made": "Signing key made",
    "member.invited": "Invitation written",
    "member.uninvited": "Invitation taken back",
    "member.joined": "Joined by an invitation",
    "member.suspended": "Suspended",
    "member.resumed": "Let back in",
    "member.appointed": "Made support staff",
    "member.dismissed": "Made a plain member",
    "recovery.begun": "Way back in opened by the operator",
    "command.sent": "Car woken from a page",
    "webhook.added": "Webhook added",
    "webhook.changed": "Webhook changed",
    "webhook.removed": "Webhook removed",
    "webhook.paused": "Webhook paused",
    "webhook.resumed": "Webhook resumed",
    "webhook.secret_rolled": "Secret of a webhook rolled",
    "webhook.disabled": "Webhook disabled",
    "telemetry.changed": "Streaming of a car changed",
    "export.asked": "Export asked for",
    "export.fetched": "Export fetched",
    "deletion.asked": "Deletion of the account asked for",
    "subscription.asked": "Subscription: checkout opened",
    "subscription.changed": "Subscription changed",
}
_ALARMING = frozenset({"sign_in.failed", "proof.failed", "program.ended"})
_PROOFS = {
    "password": "password",
    "totp": "authenticator app",
    "webauthn": "passkey",
    "recovery_codes": "recovery code",
    "tesla": "Tesla",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry as a person reads it; `place` is network and program."""

    words: str
    about: str
    place: str
    at: datetime
    is_alarming: bool


def event_of(entry: AuditEntry) -> Event:
    """Put an entry into words; an action without words shows its code."""
    place = " · ".join(filter(None, (entry.client, entry.address_prefix)))
    return Event(
        _WORDS.get(entry.action, entry.action.replace(".", " ").replace("_", " ")),
        entry.about or _about(entry.detail),
        place,
        entry.happened_at,
        entry.action in _ALARMING,
    )


_VERBS = {
    "checkout": "new subscription",
    "numbers": "vehicles and sites",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "canceled",
    "undo": "scheduled change undone",
    "move": "move from Stripe to Paddle",
    "stay": "move undone",
}


def _about(detail: dict[str, object]) -> str:
    """Return what the detail tells, in a few words; empty for nothing."""
    if verb := _VERBS.get(str(detail.get("verb", ""))):
        return verb
    by = detail.get("by", detail.get("type", []))
    proofs = by if isinstance(by, list) else [by]
    said = [_PROOFS.get(str(proof), "") for proof in proofs]
    words = f"by {' and '.join(filter(None, said))}" if any(said) else ""
    if count := detail.get("count"):
        words = words or f"{count} of them"
    changes = [
        f"{name} {', '.join(map(str, scopes))}"
        for name in ("lost", "gained")
        if isinstance(scopes := detail.get(name), list) and scopes
    ]
    return "; ".join(filter(None, [words, *changes]))
