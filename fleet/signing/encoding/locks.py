"""Make the commands that the security computer takes."""

from typing import Any

from fleet.signing.encoding.fields import Body, invalid

_MOVES = {
    "none": "CLOSURE_MOVE_TYPE_NONE",
    "move": "CLOSURE_MOVE_TYPE_MOVE",
    "stop": "CLOSURE_MOVE_TYPE_STOP",
    "open": "CLOSURE_MOVE_TYPE_OPEN",
    "close": "CLOSURE_MOVE_TYPE_CLOSE",
}
_CLOSURES = (
    "frontDriverDoor",
    "frontPassengerDoor",
    "rearDriverDoor",
    "rearPassengerDoor",
    "rearTrunk",
    "frontTrunk",
    "chargePort",
    "tonneau",
)


def _closure(name: str, move: str) -> dict[str, Any]:
    return {"closureMoveRequest": {name: _MOVES[move]}}


def _trunk(body: Body) -> dict[str, Any]:
    trunks = {"front": "frontTrunk", "rear": "rearTrunk"}
    return _closure(body.choice("which_trunk", trunks), "move")


def _closures(body: Body) -> dict[str, Any]:
    moves = {name: body.choice(name, _MOVES) for name in _CLOSURES if body.has(name)}
    if not any(move != _MOVES["none"] for move in moves.values()):
        raise invalid("closure", "must move something")
    return {"closureMoveRequest": moves}


FIXED: dict[str, dict[str, Any]] = {
    "door_lock": {"RKEAction": "RKE_ACTION_LOCK"},
    "door_unlock": {"RKEAction": "RKE_ACTION_UNLOCK"},
    "remote_start_drive": {"RKEAction": "RKE_ACTION_REMOTE_DRIVE"},
    "auto_secure_vehicle": {"RKEAction": "RKE_ACTION_AUTO_SECURE_VEHICLE"},
    "open_tonneau": _closure("tonneau", "open"),
    "close_tonneau": _closure("tonneau", "close"),
    "stop_tonneau": _closure("tonneau", "stop"),
    "remove_key": {"WhitelistOperation": {"removeAllImpermanentKeys": True}},
}
BUILDERS = {"actuate_trunk": _trunk, "closure": _closures}
