"""What cars are wanted to stream: the wishes, and how they are brought to Tesla."""

from vehicles.services.telemetry.destination import Destination
from vehicles.services.telemetry.queue import try_again_with
from vehicles.services.telemetry.stopping import stop, used_by_others

__all__ = ["Destination", "stop", "try_again_with", "used_by_others"]
