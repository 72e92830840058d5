"""Addresses of the pages about cars and their keys."""

from django.urls import path

from vehicles.views import key, vehicle

app_name = "vehicles"
urlpatterns = [
    path("console/vehicle/<str:vin>", vehicle.vehicle, name="vehicle"),
    path("console/vehicle/<str:vin>/ask", vehicle.ask, name="ask"),
    path(
        "console/vehicle/<str:vin>/inquiries/<uuid:inquiry_id>",
        vehicle.inquiry,
        name="inquiry",
    ),
    path("key", key.key, name="key"),
    path("key/<str:vin>", key.key_vehicle, name="key_vehicle"),
    path("key/<str:vin>/check", key.key_check, name="key_check"),
]
