"""Hold the computers of all cars, and carry out what they verified."""

from collections.abc import Callable

from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage

from simulator.signed import fault, infotainment, security
from simulator.signed.computer import Computer
from simulator.world.cars.car import Car
from simulator.world.cars.commands.order import (
    INVALID_VALUE,
    BadField,
    Order,
    Outcome,
)
from simulator.world.cars.commands.table import COMMANDS, carry_out

_SECURITY = Domain.DOMAIN_VEHICLE_SECURITY
_SCREEN = Domain.DOMAIN_INFOTAINMENT

Note = Callable[[Order, Outcome], None]


class Garage:
    """Hold the two computers of each car, made when first spoken to."""

    def __init__(self) -> None:
        self._computers: dict[tuple[str, Domain], Computer] = {}

    def computer(self, car: Car, domain: Domain) -> Computer:
        """Return the car's computer for a domain; the screen's for unknown ones."""
        known = _SECURITY if domain == _SECURITY else _SCREEN
        if (car.vin, known) not in self._computers:
            self._computers[car.vin, known] = Computer(car, known)
        return self._computers[car.vin, known]

    def reboot(self, car: Car) -> None:
        """Start both computers of a car again."""
        for domain in (_SECURITY, _SCREEN):
            self.computer(car, domain).reboot()

    def answer(
        self, car: Car, message: RoutableMessage, note: Note, *, is_owner: bool
    ) -> RoutableMessage:
        """Return the car's reply to a message.

        `note` hears of each command that was carried out and of how it went.
        """
        domain = message.to_destination.domain

        def work(payload: bytes) -> bytes:
            order = read_order(domain, payload)
            _check_rights(car, order, is_owner=is_owner)
            if car.is_settling:
                return _busy(domain)
            outcome = _outcome(car, order)
            note(order, outcome)
            if domain == _SECURITY:
                return security.write_reply(car, order, outcome)
            return infotainment.write_reply(car, order, outcome)

        return self.computer(car, domain).answer(message, work)


def read_order(domain: Domain, payload: bytes) -> Order:
    """Return what a payload orders of a domain. Raises MessageFault."""
    if domain == _SECURITY:
        return security.read_unsigned(payload)
    return infotainment.read_action(payload)


def _check_rights(car: Car, order: Order, *, is_owner: bool) -> None:
    if not car.condition.mobile_access:
        raise fault.MessageFault(fault.REMOTE_ACCESS_DISABLED)
    if COMMANDS[order.name].owner and not is_owner:
        raise fault.MessageFault(fault.INSUFFICIENT_PRIVILEGES)


def _busy(domain: Domain) -> bytes:
    if domain == _SECURITY:
        return security.write_busy()
    raise fault.MessageFault(fault.BUSY)


def _outcome(car: Car, order: Order) -> Outcome:
    try:
        return carry_out(car, order)
    except BadField:
        return Outcome(result=False, reason=INVALID_VALUE)
