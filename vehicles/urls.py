"""Addresses of the pages about cars and their keys."""

from django.urls import path

from vehicles.views import controls, key, telemetry, vehicle

app_name = "vehicles"
urlpatterns = [
    path("console/vehicle/<str:vin>", vehicle.vehicle, name="vehicle"),
    path("console/vehicle/<str:vin>/ask", vehicle.ask, name="ask"),
    path(
        "console/vehicle/<str:vin>/inquiries/<uuid:inquiry_id>",
        vehicle.inquiry,
        name="inquiry",
    ),
    path("console/vehicle/<str:vin>/controls", controls.controls, name="controls"),
    path("console/vehicle/<str:vin>/press", controls.press, name="press"),
    path("console/vehicle/<str:vin>/commands", controls.commands, name="commands"),
    path(
        "console/vehicle/<str:vin>/commands/<uuid:command_id>",
        controls.command,
        name="command",
    ),
    path("console/vehicle/<str:vin>/telemetry", telemetry.telemetry, name="telemetry"),
    path(
        "console/vehicle/<str:vin>/telemetry/live",
        telemetry.telemetry_live,
        name="telemetry_live",
    ),
    path(
        "console/vehicle/<str:vin>/telemetry/again",
        telemetry.telemetry_again,
        name="telemetry_again",
    ),
    path(
        "console/vehicle/<str:vin>/telemetry/remove",
        telemetry.telemetry_remove,
        name="telemetry_remove",
    ),
    path("key", key.key, name="key"),
    path("key/<str:vin>", key.key_vehicle, name="key_vehicle"),
    path("key/<str:vin>/check", key.key_check, name="key_check"),
]
