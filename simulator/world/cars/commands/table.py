"""List every command, and carry one out."""

from simulator.world.cars.car import Car
from simulator.world.cars.commands.body import BODY
from simulator.world.cars.commands.charging import CHARGING
from simulator.world.cars.commands.climate import CLIMATE
from simulator.world.cars.commands.extras import EXTRAS
from simulator.world.cars.commands.order import (
    VALET_MODE,
    CannotDo,
    Order,
    Outcome,
    Row,
    Work,
)
from simulator.world.cars.commands.pins import PINS
from simulator.world.cars.commands.schedules import SCHEDULES
from simulator.world.cars.commands.screen import SCREEN

COMMANDS: dict[str, Row] = {
    **CHARGING,
    **SCHEDULES,
    **CLIMATE,
    **BODY,
    **PINS,
    **SCREEN,
    **EXTRAS,
}


def carry_out(car: Car, order: Order) -> Outcome:
    """Do what an order says, and tell how it went.

    The car must be online. Raises KeyError for an unknown name and BadField for fields
    that are missing or of a wrong kind; then nothing was changed.
    """
    row = COMMANDS[order.name]
    car.settle()
    work = Work(car, car.moment(), order.fields)
    if work.state.body.valet_mode and not row.in_valet:
        return Outcome(result=False, reason=VALET_MODE)
    try:
        answer = row.run(work)
    except CannotDo as error:
        return Outcome(result=False, reason=error.reason)
    car.stir()
    return Outcome(result=True, answer=answer)
