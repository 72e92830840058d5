"""Addresses of the pages about webhooks."""

from django.urls import path

from webhooks.views import acts, editing, endpoints, log, secrets

app_name = "webhooks"
_ONE = "console/webhooks/<uuid:pk>"
urlpatterns = [
    path("console/webhooks", endpoints.endpoints, name="endpoints"),
    path("console/webhooks/add", editing.endpoint_add, name="endpoint_add"),
    path(_ONE, endpoints.endpoint, name="endpoint"),
    path(f"{_ONE}/change", editing.endpoint_change, name="endpoint_change"),
    path(f"{_ONE}/remove", endpoints.endpoint_remove, name="endpoint_remove"),
    path(f"{_ONE}/secret", secrets.secret_roll, name="secret_roll"),
    path(f"{_ONE}/pause", acts.pause, name="pause"),
    path(f"{_ONE}/resume", acts.resume, name="resume"),
    path(f"{_ONE}/test", acts.test, name="test"),
    path(f"{_ONE}/resend", acts.resend_since, name="resend_since"),
    path(
        f"{_ONE}/deliveries/<int:delivery_id>",
        log.delivery,
        name="delivery",
    ),
    path(
        f"{_ONE}/deliveries/<int:delivery_id>/resend",
        acts.resend,
        name="resend",
    ),
    path(f"{_ONE}/attempts/<int:attempt_id>", log.attempt, name="attempt"),
]
