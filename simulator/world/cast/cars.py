"""List the cars of the cast."""

from simulator.world.cars.spec import CarSpec, Driver
from simulator.world.cast.models import MODEL_3, MODEL_S, MODEL_X, MODEL_Y
from simulator.world.cast.people import ALICE, BOB
from simulator.world.cast.places import BERLIN, LEIPZIG, PALO_ALTO
from simulator.world.cast.routines import (
    COMMUTER,
    ERRANDS,
    RESTING,
    SHOPPING,
    TAXI,
    WEEKEND,
)

_PACIFIC_S = -8 * 3600
_BERLIN_S = 3600

RED = CarSpec(
    name="Red",
    vin_head="5YJ3E1EA",
    vin_tail="NF",
    owner=ALICE,
    drivers=(Driver(BOB),),
    model=MODEL_3,
    routine=COMMUTER,
    home=PALO_ALTO,
    firmware="2026.38.3",
    odometer_mi=21_407.318452,
    level=0.661,
    is_paired=True,
    utc_offset_s=_PACIFIC_S,
)
LUNA = CarSpec(
    name="Luna",
    vin_head="7SAYGDEE",
    vin_tail="PA",
    owner=ALICE,
    model=MODEL_Y,
    routine=WEEKEND,
    home=PALO_ALTO,
    firmware="2026.32.6",
    next_firmware="2026.38.3",
    odometer_mi=9_866.027195,
    level=0.8,
    is_awake=False,
    utc_offset_s=_PACIFIC_S,
)
GRANNY = CarSpec(
    name="Granny",
    vin_head="5YJSA1E2",
    vin_tail="HF",
    owner=ALICE,
    model=MODEL_S,
    routine=SHOPPING,
    home=PALO_ALTO,
    firmware="2026.8.3",
    odometer_mi=88_152.740031,
    level=0.74,
    limit_percent=90,
    protocol_required=False,
    command_signing="off",
    reads_keep_awake=True,
    streaming_toggle=False,
    phone_keys=3,
    utc_offset_s=_PACIFIC_S,
)
BLITZ = CarSpec(
    name="Blitz",
    vin_head="XP7YGCEK",
    vin_tail="RB",
    owner=BOB,
    model=MODEL_Y,
    routine=TAXI,
    home=BERLIN,
    firmware="2026.38.3",
    odometer_mi=47_933.551208,
    level=0.79,
    lead_s=330.0,
    metric=True,
    utc_offset_s=_BERLIN_S,
    configuration={"exterior_color": "Quicksilver", "trim_badging": "74d"},
)
NIMBUS = CarSpec(
    name="Nimbus",
    vin_head="5YJXCCE4",
    vin_tail="MF",
    owner=BOB,
    model=MODEL_X,
    routine=RESTING,
    home=LEIPZIG,
    firmware="2025.44.25",
    odometer_mi=33_278.906114,
    level=0.52,
    protocol_required=False,
    command_signing="allowed",
    has_signal=False,
    is_awake=False,
    metric=True,
    utc_offset_s=_BERLIN_S,
)
CHARGER = CarSpec(
    name="Charger",
    vin_head="LRW3E7FA",
    vin_tail="PC",
    owner=BOB,
    model=MODEL_3,
    routine=ERRANDS,
    home=BERLIN,
    firmware="2026.32.6",
    next_firmware="2026.38.3",
    downloads=True,
    lead_s=300.0,
    odometer_mi=15_020.447763,
    level=0.41,
    metric=True,
    utc_offset_s=_BERLIN_S,
    configuration={"exterior_color": "SolidBlack", "paint_color_override": ""},
)

CARS = (RED, LUNA, GRANNY, BLITZ, NIMBUS, CHARGER)
