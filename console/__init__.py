"""The roof: pages across apps, settings, addresses, Celery and the ASGI entry."""

from console.celery import app as celery_app

__all__ = ["celery_app"]
