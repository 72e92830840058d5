"""Name the places and the plugs of the cast."""

from simulator.world.cars.routine import Place, Plug

HOME = "home"
CABIN = "cabin"
GARAGE = "garage"

PALO_ALTO = Place("Palo Alto", 37.441883, -122.143019)
SAN_JOSE = Place("San Jose", 37.338208, -121.886329)
BERLIN = Place("Berlin", 52.531677, 13.381777)
POTSDAM = Place("Potsdam", 52.390569, 13.064473)
SPANDAU = Place("Spandau", 52.535788, 13.197792)
LEIPZIG = Place("Leipzig", 51.339695, 12.373075)

HOME_LEFT = Plug(240, 1, 48, HOME, 0)
HOME_RIGHT = Plug(240, 1, 48, HOME, 1)
GARAGE_PLUG = Plug(230, 3, 16, GARAGE, 0)
ROADSIDE = Plug(390, 1, 0, fast_kw=170.0)
