"""Read from a simulated car what each streamed field would tell."""

from simulator.streaming.readings import body, charge, climate, comfort, drive
from simulator.streaming.readings.kinds import Reader

READERS: dict[str, Reader] = {
    **charge.READERS,
    **climate.READERS,
    **drive.READERS,
    **body.READERS,
    **comfort.READERS,
}
"""How each field is read, by its name; a field that is not here is never sent."""
