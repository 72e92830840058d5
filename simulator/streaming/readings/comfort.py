"""Read the player, the screen's units and what the car was built with."""

from simulator.streaming.readings.kinds import (
    Reader,
    choice,
    flag,
    number,
    text,
    whole,
)

_DISTANCES = {"mi/hr": 1, "km/hr": 2}
_SUNROOFS = {None: 1, 1: 2, 2: 3}

READERS: dict[str, Reader] = {
    "CarType": choice(
        "car_type_value",
        "built",
        "car_type",
        {"models2": 1, "modelx": 2, "model3": 3, "modely": 4},
    ),
    "EfficiencyPackage": text("built", "efficiency_package"),
    "EuropeVehicle": flag("built", "eu_vehicle"),
    "ExteriorColor": text("built", "exterior_color"),
    "MediaAudioVolume": number("media", "audio_volume"),
    "MediaAudioVolumeIncrement": number("media", "audio_volume_increment"),
    "MediaAudioVolumeMax": number("media", "audio_volume_max"),
    "MediaNowPlayingAlbum": text("media", "now_playing_album"),
    "MediaNowPlayingArtist": text("media", "now_playing_artist"),
    "MediaNowPlayingDuration": whole("media", "now_playing_duration"),
    "MediaNowPlayingElapsed": whole("media", "now_playing_elapsed"),
    "MediaNowPlayingStation": text("media", "now_playing_station"),
    "MediaNowPlayingTitle": text("media", "now_playing_title"),
    "MediaPlaybackSource": text("media", "now_playing_source"),
    "MediaPlaybackStatus": choice(
        "media_status_value",
        "media",
        "media_playback_status",
        {"Stopped": 1, "Playing": 2, "Paused": 3},
    ),
    "RearSeatHeaters": whole("built", "rear_seat_heaters"),
    "RightHandDrive": flag("built", "rhd"),
    "RoofColor": text("built", "roof_color"),
    "Setting24HourTime": flag("screen", "gui_24_hour_time"),
    "SettingChargeUnit": choice(
        "charge_unit_preference_value", "screen", "gui_range_display", {"Rated": 1}
    ),
    "SettingDistanceUnit": choice(
        "distance_unit_value", "screen", "gui_distance_units", _DISTANCES
    ),
    "SettingTemperatureUnit": choice(
        "temperature_unit_value", "screen", "gui_temperature_units", {"F": 1, "C": 2}
    ),
    "SettingTirePressureUnit": choice(
        "pressure_unit_value", "screen", "gui_tirepressure_units", {"Psi": 1, "Bar": 2}
    ),
    "SunroofInstalled": choice(
        "sunroof_installed_state_value", "built", "sun_roof_installed", _SUNROOFS
    ),
    "Trim": text("built", "trim_badging"),
    "WheelType": text("built", "wheel_type"),
}
