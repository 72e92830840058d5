"""Simulate the gateway of a site: who may speak with it, and how it is connected."""

from dataclasses import dataclass, field
from typing import Any

from simulator.world.sites.identity import Identity

PENDING, REMOVED = 1, 4
_CUSTOMER_ROLE = 1
_PRESENCE_PROOF = 1
# Taken and answered with nothing: unsigned, they move no switch.
_EMPTY = frozenset(
    {
        ("common", "check_for_update_request"),
        ("common", "check_for_update_urgency_request"),
        ("common", "check_internet_request"),
        ("common", "device_cert_request"),
        ("common", "get_cellular_info_request"),
        ("common", "set_local_site_config_request"),
        ("common", "wifi_scan_request"),
        ("authorization", "get_signed_commands_public_key_request"),
        ("teg", "cancel_manual_backup_event_request"),
        ("teg", "get_backup_events_request"),
        ("teg", "get_config_request"),
        ("teg", "schedule_manual_backup_event_request"),
        ("teg", "set_island_mode_request"),
    }
)


@dataclass(slots=True)
class Gateway:
    """Answer messages; clients are kept in the order in which they were added."""

    identity: Identity
    clients: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Return the reply to `{part: {request: fields}}`; None for what it is not.

        The reply stands where a real gateway's stands: Payload, part, Message, name.
        """
        if len(message) != 1:
            return None
        ((part, requests),) = message.items()
        if not isinstance(requests, dict) or len(requests) != 1:
            return None
        ((name, fields),) = requests.items()
        reply = self._reply(part, name, fields if isinstance(fields, dict) else {})
        if reply is None:
            return None
        words = "".join(word.capitalize() for word in name.split("_"))
        named = {f"{words.removesuffix('Request')}Response": reply}
        return {"Payload": {part.capitalize(): {"Message": named}}}

    def _reply(
        self, part: str, name: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        match part, name:
            case "authorization", "list_authorized_clients_request":
                return {"clients": list(self.clients)}
            case "authorization", "add_authorized_client_request":
                return self._add(fields)
            case "authorization", "remove_authorized_client_request":
                return self._remove(fields)
            case "common", "get_networking_status_request":
                return self._network()
            case "common", "get_system_info_request":
                return {"din": self.identity.gateway.din}
        return {} if (part, name) in _EMPTY else None

    def _add(self, fields: dict[str, Any]) -> dict[str, Any] | None:
        key = fields.get("public_key")
        if not isinstance(key, str) or not key:
            return None
        client = {
            "type": fields.get("authorized_client_type", 1),
            "description": fields.get("description", ""),
            "key_type": fields.get("key_type", 1),
            "public_key": key,
            "roles": [_CUSTOMER_ROLE],
            "state": PENDING,
            "verification": _PRESENCE_PROOF,
        }
        self.clients = [one for one in self.clients if one["public_key"] != key]
        self.clients.append(client)
        return {"client": client}

    def _remove(self, fields: dict[str, Any]) -> dict[str, Any] | None:
        left = [
            one for one in self.clients if one["public_key"] != fields.get("public_key")
        ]
        if len(left) == len(self.clients):
            return None
        self.clients = left
        return {}

    def _network(self) -> dict[str, Any]:
        serial = self.identity.gateway.serial_number
        return {
            "wifi_config": {"ssid": "Home", "security_type": 4},
            "wifi": {"enabled": True, "active_route": False},
            "eth": {
                "enabled": True,
                "active_route": True,
                "ipv4_config": {
                    "address": f"192.168.7.{20 + sum(serial.encode()) % 200}",
                    "subnet_mask": "255.255.255.0",
                    "gateway": "192.168.7.1",
                },
            },
            "gsm": {"enabled": True, "active_route": False},
        }
