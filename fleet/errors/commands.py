"""Draw the errors that a signed command can end in, below those of `tree`.

    FleetError
    ├─ InvalidField                a value that no command can be made of; `.field`
    ├─ NotSignable                 the car's protocol has no such command: go by REST
    ├─ NotSupported
    │  └─ ProtocolUnsupported      the car takes no signed commands: go by REST
    ├─ Ambiguous                   sent, and nothing readable came back
    ├─ VehicleBusy                 the car was busy each time it was asked
    ├─ SessionFailed               car and Keyfob could not agree on a session
    │  └─ VehicleKeyChanged        the car shows another key than before
    └─ CommandRejected             the car refused the message; `.fault` says why
       ├─ KeyNotPaired             3   the virtual key is not in the car
       ├─ KeyInactive              4   the key is switched off
       ├─ NotPrivileged            7   the key's role, Valet Mode or a PIN forbids it
       ├─ CommandUnknown           9   the car's software does not know it
       ├─ WrongVehicle             12  the answer came from another car
       ├─ KeychainFull             14  no room for another key
       ├─ MobileAccessOff          21  the owner switched Mobile Access off
       ├─ CredentialsNeeded        23  the car wants the account's proof
       └─ ProximityNeeded          29  the car wants the key to be near

A car that takes a command and cannot do it now, as when a door is open, is no
error: the outcome says so, and the gateway answers 200 as the Fleet API does.
"""

from fleet.errors.tree import FleetError, NotSupported


class InvalidField(FleetError):
    """Say that a command's field, named by `field`, is missing or has no use."""

    api_status = 400
    api_code = "invalid_field"
    field: str = ""


class NotSignable(FleetError):
    """Say that the car's protocol has no message for this; Tesla's REST may."""

    api_status = 400
    api_code = "invalid_command"


class ProtocolUnsupported(NotSupported):
    """Say that this car takes no signed commands; remember it, and go by REST."""

    api_code = "protocol_unsupported"


class Ambiguous(FleetError):
    """Say that a command was sent and no readable answer came: it may be done.

    `repeatable` tells whether asking again does no more than asking once. The
    status is 504 as for any upstream that stays silent.
    """

    api_status = 504
    api_code = "command_ambiguous"
    repeatable: bool = False


class VehicleBusy(FleetError):
    """Say that the car was busy, or still waking up, each time it was asked."""

    api_status = 503
    api_code = "vehicle_busy"


class SessionFailed(FleetError):
    """Say that no session came about in which the car would take the command."""

    api_status = 502
    api_code = "session_failed"


class VehicleKeyChanged(SessionFailed):
    """Say that the car shows another public key than the session's."""

    api_code = "vehicle_key_changed"


class CommandRejected(FleetError):
    """Say that the car refused the message; `fault` is the protocol's number."""

    api_status = 502
    api_code = "command_rejected"
    fault: int = 0


class KeyNotPaired(CommandRejected):
    """Say that the virtual key is not in the car."""

    api_status = 403
    api_code = "key_not_paired"


class KeyInactive(CommandRejected):
    """Say that the virtual key is in the car, and switched off."""

    api_status = 403
    api_code = "key_inactive"


class NotPrivileged(CommandRejected):
    """Say that the key's role, Valet Mode or a PIN forbids this now."""

    api_status = 403
    api_code = "insufficient_privileges"


class CommandUnknown(CommandRejected):
    """Say that the car's software does not know this command."""

    api_status = 422
    api_code = "command_unsupported"


class WrongVehicle(CommandRejected):
    """Say that the message reached a car with another VIN."""

    api_code = "wrong_vehicle"


class KeychainFull(CommandRejected):
    """Say that the car holds as many keys as it can."""

    api_status = 412
    api_code = "keychain_full"


class MobileAccessOff(CommandRejected):
    """Say that the owner has switched Mobile Access off in the car."""

    api_status = 403
    api_code = "mobile_access_disabled"


class CredentialsNeeded(CommandRejected):
    """Say that the car wants proof of the Tesla account for this command."""

    api_status = 403
    api_code = "account_credentials_required"


class ProximityNeeded(CommandRejected):
    """Say that the car takes this command only from a key that is near."""

    api_status = 403
    api_code = "proximity_required"
