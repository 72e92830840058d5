"""Build `media_info`: what the car plays."""

from typing import Any

from simulator.world.cars.moment import Moment

_TRACKS = (
    ("Harbor at Five", "The Slow Ferries", "Salt and Diesel", 214_000),
    ("Copper Hill", "Marta Lindqvist", "Copper Hill", 187_000),
    ("Night Bus to Graz", "Ostbahn Trio", "Timetables", 301_000),
    ("Paper Kites", "Juniper Lane", "Small Weather", 245_000),
)


def media_info(moment: Moment) -> dict[str, Any]:
    """Return the player; durations in milliseconds, empty texts when it is off."""
    media = moment.state.media
    is_playing = moment.motion.is_driving or media.status == "Playing"
    title, artist, album, duration_ms = _TRACKS[media.track % len(_TRACKS)]
    played_ms = int((moment.at_s - media.started_s) * 1000) % duration_ms
    return {
        "a2dp_source_name": "Pixel 9" if is_playing else "",
        "audio_volume": media.volume,
        "audio_volume_increment": 0.333333,
        "audio_volume_max": 10.333333,
        "media_playback_status": "Playing" if is_playing else media.status,
        "now_playing_album": album if is_playing else "",
        "now_playing_artist": artist if is_playing else "",
        "now_playing_duration": duration_ms if is_playing else 0,
        "now_playing_elapsed": played_ms if is_playing else 0,
        "now_playing_source": "Spotify" if is_playing else "",
        "now_playing_station": album if is_playing else "",
        "now_playing_title": title if is_playing else "",
    }
