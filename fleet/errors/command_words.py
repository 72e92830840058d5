"""Put the errors of signed commands, and a car's own reasons, into words."""

from fleet.errors import commands, tree
from fleet.errors.explanation import Explanation

EXPLANATIONS: dict[type[tree.FleetError], Explanation] = {
    commands.InvalidField: Explanation(
        "A value does not fit",
        "A field of this command is missing or has a value that the car cannot "
        "use. Nothing was sent.",
        "you",
    ),
    commands.NotSignable: Explanation(
        "This cannot be sent signed",
        "The car's command protocol has no message for this. Nothing was sent.",
        "nobody",
    ),
    commands.ProtocolUnsupported: Explanation(
        "The car takes no signed commands",
        "This car has no command protocol; it takes the same commands unsigned.",
        "nobody",
    ),
    commands.Ambiguous: Explanation(
        "It is not known whether the car did it",
        "The command was sent and no answer came back that can be read. Look at "
        "the car before you send it again.",
        "you",
    ),
    commands.VehicleBusy: Explanation(
        "The car is busy",
        "The car is waking up or busy with something else. Nothing was done; try "
        "again in a few seconds.",
        "you",
    ),
    commands.SessionFailed: Explanation(
        "The car did not accept the signature",
        "The car and this console could not agree on a session. Nothing was done; "
        "try again in a minute.",
        "you",
    ),
    commands.VehicleKeyChanged: Explanation(
        "The car shows another key than before",
        "Nothing was done. If a computer in the car was replaced, this is to be "
        "expected and the next command starts anew; if not, tell the operator.",
        "you",
    ),
    commands.CommandRejected: Explanation(
        "The car refused the command",
        "The car could not make use of the message. Nothing was done; this is a "
        "fault of this console or of the car's software.",
        "operator",
    ),
    commands.KeyNotPaired: Explanation(
        "The virtual key is not in the car",
        "The car does not know this console's key. Add it with the Tesla app, as "
        "the pairing page shows, then send the command again.",
        "you",
    ),
    commands.KeyInactive: Explanation(
        "The virtual key is switched off",
        "The car knows this console's key and does not accept it now. Open Locks "
        "on the car's screen and look at its keys.",
        "you",
    ),
    commands.NotPrivileged: Explanation(
        "The car does not allow this now",
        "The key's role is not enough, or the car is in Valet Mode or behind a "
        "PIN. Change that in the car or in the Tesla app.",
        "you",
    ),
    commands.CommandUnknown: Explanation(
        "The car does not know this command",
        "The car's model or software has no such function. An update of the car's "
        "software may bring it.",
        "nobody",
    ),
    commands.WrongVehicle: Explanation(
        "The command reached another car",
        "Tesla delivered the message to a car with another VIN, which refused it. "
        "Nothing was done.",
        "Tesla",
    ),
    commands.KeychainFull: Explanation(
        "The car has no room for another key",
        "Remove a key that is no longer used: open Locks on the car's screen.",
        "you",
    ),
    commands.MobileAccessOff: Explanation(
        "Mobile Access is off in the car",
        "Turn on Mobile Access in the car: Controls, then Safety.",
        "you",
    ),
    commands.CredentialsNeeded: Explanation(
        "The car wants proof of the account",
        "The car takes this only with proof of the owner's Tesla account. Do it "
        "in the Tesla app.",
        "you",
    ),
    commands.ProximityNeeded: Explanation(
        "The car wants the key to be near",
        "The car takes this only from a phone or key beside it.",
        "you",
    ),
}
"""Words for each error; those of a kind without any are those of the one above."""

_REASONS = (
    (
        "valet",
        Explanation(
            "The car is in Valet Mode",
            "End Valet Mode with its PIN in the car or in the Tesla app first.",
            "you",
        ),
    ),
    (
        "pin",
        Explanation(
            "The PIN is wrong or missing",
            "The car wants the four digits that were set in it. After several "
            "wrong ones it waits before it takes another.",
            "you",
        ),
    ),
    (
        "closures_open",
        Explanation(
            "Something is open", "Close the doors and trunks, then try again.", "you"
        ),
    ),
    (
        "not_in_park",
        Explanation("The car is not in park", "The car does this in park only.", "you"),
    ),
    (
        "user_not_present",
        Explanation(
            "Nobody is in the car", "The car does this for a driver only.", "you"
        ),
    ),
    (
        "disabled_for_user_command",
        Explanation(
            "This is switched off in the car",
            "A setting in the car forbids this command.",
            "you",
        ),
    ),
    (
        "could_not_wake_buses",
        Explanation(
            "The car did not wake up whole",
            "A part of the car stayed asleep. Try again in a minute.",
            "you",
        ),
    ),
    (
        "disconnected",
        Explanation(
            "No charging cable is connected", "Plug the car in, then try again.", "you"
        ),
    ),
    (
        "no_power",
        Explanation(
            "The charger gives no power", "Look at the charger or its switch.", "you"
        ),
    ),
    (
        "unauthorized",
        Explanation(
            "The key may not do this",
            "The role that this console's key has in the car is not enough.",
            "you",
        ),
    ),
)
"""Words for what a car says when it takes a command and does not do it."""


def explain_reason(reason: str) -> Explanation | None:
    """Return the words for a car's own reason, None where it speaks for itself."""
    said = reason.lower().replace(" ", "_")
    parts = said.split("_")
    for known, explanation in _REASONS:
        if known in (parts if known == "pin" else said):
            return explanation
    return None
