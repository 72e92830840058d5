"""The console's settings with a faster clock, for processes that tests break."""

from celery.schedules import schedule

from console import settings
from console.settings import *  # noqa: F403 - these are Keyfob's own, whole

EVERY_S = 1
_SWEEPS = ("heartbeat", "sweep-vehicle-inquiries", "sweep-leaving")
CELERY_BEAT_SCHEDULE = {
    name: {**settings.CELERY_BEAT_SCHEDULE[name], "schedule": schedule(EVERY_S)}
    for name in _SWEEPS
}
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_REDBEAT_LOCK_TIMEOUT = 4
# Pages name static files as they are: nobody collected them for a test.
STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
